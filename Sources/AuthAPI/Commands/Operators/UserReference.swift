import FoundationEssentials
import Shared

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
