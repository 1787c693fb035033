import FoundationEssentials
import Shared

/// A user, as operators see it.
struct UserRecord: Sendable, Equatable, Encodable {
    @LowercaseUUID var id: UserID
    let email: String
    let name: String
    /// Whether the user can sign in with a password.
    let hasPassword: Bool
    /// The providers with which the user can sign in.
    let providers: [String]
    /// When a provider verified the email address.
    let emailVerifiedAt: Date?
    /// When an operator disabled the user; nil for users who can sign in.
    var disabledAt: Date?
    let createdAt: Date
    let updatedAt: Date
    /// The number of live sessions.
    let sessions: Int64

    private enum CodingKeys: String, CodingKey {
        case id, email, name, providers, sessions
        case hasPassword = "has_password"
        case emailVerifiedAt = "email_verified_at"
        case disabledAt = "disabled_at"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}
