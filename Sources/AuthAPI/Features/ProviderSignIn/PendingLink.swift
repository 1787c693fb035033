import FoundationEssentials
import Shared

/// A provider account that waits until the password of the account with the same email is entered.
///
/// Holds no tokens: they are stored at the next sign-in through the provider.
struct PendingLink: Codable, Sendable, Equatable {
    let provider: OAuthProvider
    /// The provider's issuer; nil in a cookie of an older version.
    let issuer: String?
    /// What the provider calls the person.
    let subject: String
    /// The address that the provider has verified, in lower case.
    let email: String
    /// A picture for an account that has none.
    let avatarURL: String?

    /// The most bytes of a picture's address: with a longer one a browser might refuse the cookie.
    private static let maximumAvatarLength = 1024

    private enum CodingKeys: String, CodingKey {
        case provider = "p"
        case issuer = "i"
        case subject = "s"
        case email = "e"
        case avatarURL = "a"
    }

    /// An identity that waits, with the address that the provider has verified.
    init(_ identity: ProviderIdentity, email: EmailAddress) {
        provider = identity.provider
        issuer = identity.issuer
        subject = identity.subject
        self.email = email.value
        avatarURL = identity.avatarURL.flatMap { $0.utf8.count <= Self.maximumAvatarLength ? $0 : nil }
    }

    var key: IdentityKey { IdentityKey(provider: provider, issuer: issuer ?? "", subject: subject) }
}
