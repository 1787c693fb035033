import FoundationEssentials
import Shared

/// A user's identifier.
typealias UserID = UUID

/// A person who can sign in.
struct User: Sendable, Equatable {
    /// The user's identifier.
    let id: UserID
    /// The address in lower case.
    let email: String
    /// The name to show.
    let name: String
    /// The address of a picture, for users who came through a provider that has one.
    let avatarURL: String?

    /// The account as its owner sees it.
    var body: UserBody {
        UserBody(id: id.lowercaseText, email: email, name: name, avatarURL: avatarURL)
    }
}

/// An account together with what its password is checked against.
struct UserCredentials: Sendable {
    /// The account.
    let user: User
    /// The stored hash; nil for users who sign in through a provider only.
    let passwordHash: String?
    /// Whether an operator has disabled the account.
    var isDisabled = false
    /// Browsers that signed in before this time are not known for the account any more.
    var devicesKnownSince: Date?
}
