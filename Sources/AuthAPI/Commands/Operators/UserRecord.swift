import FoundationEssentials
import Shared

/// A user as an operator sees one.
struct UserRecord: Sendable, Equatable, Encodable {
    /// The UUID in lower case.
    let id: String
    let email: String
    let name: String
    /// Whether the user can sign in with a password.
    let hasPassword: Bool
    /// The providers that the user can sign in through.
    let providers: [String]
    /// When a provider vouched for the email.
    let emailVerifiedAt: Date?
    /// When an operator disabled the user; nil for users who may sign in.
    var disabledAt: Date?
    let createdAt: Date
    let updatedAt: Date
    /// How many sessions are live.
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

/// A live session as an operator sees one.
struct SessionRecord: Sendable, Equatable, Encodable {
    /// The UUID in lower case.
    let id: String
    /// Whose it is.
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

/// How an operator names a user.
enum UserReference: Sendable, Equatable, CustomStringConvertible {
    case id(UserID)
    case email(EmailAddress)

    /// Reads a UUID or an email address; nil when it is neither.
    init?(_ text: String) {
        if let id = UserID(uuidString: text) {
            self = .id(id)
        } else if let email = try? EmailAddress(text) {
            self = .email(email)
        } else {
            return nil
        }
    }

    /// The identifier or the address.
    var description: String {
        switch self {
        case .id(let id): id.lowercaseText
        case .email(let email): email.value
        }
    }
}

/// A part of a long list, newest first.
struct PageRequest: Sendable {
    /// How many rows to give.
    let limit: Int64
    /// The last row of the part before; nil for the first part.
    let after: UUID?
}
