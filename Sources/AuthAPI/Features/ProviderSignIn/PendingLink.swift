import Shared

/// A provider account that is pending until the password of the account with the same email is entered.
///
/// Holds no tokens: they are stored at the next sign-in through the provider.
struct PendingLink: Codable, Sendable, Equatable {
    let provider: OAuthProvider
    /// The provider's issuer; nil in a cookie of an older version.
    let issuer: String?
    /// The provider's identifier of the user.
    let subject: String
    /// The address that the provider has verified, in lower case.
    let email: String
    /// A picture for an account that has none.
    let avatarURL: String?

    /// The maximum length of a picture's URL in bytes: with a longer one, a browser might reject the cookie.
    private static let maximumAvatarLength = 1024

    private enum CodingKeys: String, CodingKey {
        case provider = "p"
        case issuer = "i"
        case subject = "s"
        case email = "e"
        case avatarURL = "a"
    }

    /// A pending identity, with the address that the provider has verified.
    init(_ identity: ProviderIdentity, email: EmailAddress) {
        provider = identity.provider
        issuer = identity.issuer
        subject = identity.subject
        self.email = email.value
        avatarURL = identity.avatarURL.flatMap { $0.utf8.count <= Self.maximumAvatarLength ? $0 : nil }
    }

    var key: IdentityKey { IdentityKey(provider: provider, issuer: issuer ?? "", subject: subject) }
}
