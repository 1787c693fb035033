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

/// A live session, as operators see it.
struct SessionRecord: Sendable, Equatable, Encodable {
    /// The UUID in lower case.
    let id: String
    /// The user's email address.
    let email: String
    let createdAt: Date
    let expiresAt: Date
    let userAgent: String?
    let ipAddress: String?

    private enum CodingKeys: String, CodingKey {
        case id, email
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case userAgent = "user_agent"
        case ipAddress = "ip_address"
    }
}

/// The email address or ID by which an operator identifies a user.
enum UserReference: Sendable, Equatable, CustomStringConvertible {
    case id(UserID)
    case email(EmailAddress)

    /// Parses a UUID or an email address; nil when it is neither.
    init?(_ text: String) {
        if let id = UserID(uuidString: text) {
            self = .id(id)
        } else if let email = try? EmailAddress(text) {
            self = .email(email)
        } else {
            return nil
        }
    }

    /// The ID or the email address.
    var description: String {
        switch self {
        case .id(let id): id.lowercaseText
        case .email(let email): email.value
        }
    }
}

/// A page of a long list, newest first.
struct PageRequest: Sendable {
    /// The number of rows.
    let limit: Int64
    /// The last row of the previous page; nil for the first page.
    let after: UUID?
}
