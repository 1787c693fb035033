import Shared

/// A pending provider account without a verified email address; its user must enter one.
///
/// Holds no tokens: they are stored at the next sign-in through the provider.
struct PendingAddress: Codable, Sendable, Equatable {
    let provider: OAuthProvider
    /// The provider's issuer.
    let issuer: String
    /// The provider's identifier of the user.
    let subject: String
    /// The address that the provider reports without having verified it, in lower case.
    let email: String?
    /// The name at the provider.
    let name: String?
    /// The URL of a picture.
    let avatarURL: String?
    /// The code of an invitation, with which the flow started.
    let invite: String?

    /// The maximum length of a picture's URL in bytes: with a longer one a browser might reject the cookie.
    private static let maximumAvatarLength = 512

    private enum CodingKeys: String, CodingKey {
        case provider = "p"
        case issuer = "i"
        case subject = "s"
        case email = "e"
        case name = "n"
        case avatarURL = "a"
        case invite = "c"
    }

    init(_ identity: ProviderIdentity, invite: String?) {
        provider = identity.provider
        issuer = identity.issuer
        subject = identity.subject
        email = identity.unverifiedEmail?.value
        name = identity.displayName
        avatarURL = identity.avatarURL.flatMap { $0.utf8.count <= Self.maximumAvatarLength ? $0 : nil }
        self.invite = invite
    }

    var key: IdentityKey { IdentityKey(provider: provider, issuer: issuer, subject: subject) }

    /// The account, as its user sees it.
    var body: PendingAddressBody { PendingAddressBody(provider: provider, name: name, email: email) }
}
