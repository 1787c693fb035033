import FoundationEssentials
import Shared

/// A user's ID.
typealias UserID = UUID

struct User: Sendable, Equatable {
    /// The user's ID.
    let id: UserID
    /// The email address in lower case.
    let email: String
    /// The display name.
    let name: String
    /// The URL of a picture, for users whose provider has one.
    let avatarURL: String?

    /// The user, as they see their account.
    var body: UserBody {
        UserBody(id: id.lowercaseText, email: email, name: name, avatarURL: avatarURL)
    }
}

/// A user with the password hash.
struct UserCredentials: Sendable {
    let user: User
    /// The stored hash; nil for users who sign in through a provider only.
    let passwordHash: String?
    /// Whether an operator has disabled the account.
    var isDisabled = false
    /// Browsers that signed in before this time are no longer known for the account.
    var devicesKnownSince: Date?
}
