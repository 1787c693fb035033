import FoundationEssentials
import Hummingbird
import Shared

/// A provider account that waits until the password of the account with the same email is entered.
///
/// Holds no tokens: they are stored at the next sign-in through the provider.
struct PendingLink: Codable, Sendable, Equatable {
    let provider: OAuthProvider
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
        case subject = "s"
        case email = "e"
        case avatarURL = "a"
    }

    init(_ identity: ProviderIdentity) {
        provider = identity.provider
        subject = identity.subject
        email = identity.email.value
        avatarURL = identity.avatarURL.flatMap { $0.utf8.count <= Self.maximumAvatarLength ? $0 : nil }
    }

    var key: IdentityKey { IdentityKey(provider: provider, subject: subject) }
}

/// The cookie of the one provider account that waits.
struct PendingLinkCookie: Sendable {
    private let site: SiteCookies
    private let sealed: SealedCookie<PendingLink>
    private let name: String

    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        site = SiteCookies(publicURL: settings.common.publicURL)
        let keys = SealingKeys(
            for: .pendingLinkCookie,
            secretKey: settings.secretKey,
            previous: settings.secretKeyPrevious
        )
        sealed = SealedCookie(keys, now: now)
        name = site.name("oauth_connect")
    }

    /// Keeps a provider account, in place of another if one waits.
    func keep(_ pending: PendingLink, on response: inout Response) throws {
        let value = try sealed.seal(pending, name: name)
        site.set(name, to: value, maxAge: SealedCookie<PendingLink>.lifetime, on: &response)
    }

    /// The provider account that waits; nil when none does, or it has waited too long.
    func pending(of request: Request) -> PendingLink? {
        request.cookieValue(name).flatMap { sealed.open(RequestCookie(name: name, value: $0)) }?.payload
    }

    /// Forgets it, if the browser has one.
    func forget(of request: Request, on response: inout Response) {
        if !request.cookieValues(name).isEmpty { site.clear(name, on: &response) }
    }
}
