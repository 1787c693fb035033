import FoundationEssentials
import Hummingbird
import Shared

/// The cookie of the one provider account that is pending until its user enters something.
struct PendingCookie<Pending: Codable & Sendable>: Sendable {
    private let site: SiteCookies
    private let sealed: SealedCookie<Pending>
    private let name: String

    private init(
        _ name: String,
        _ purpose: KeyRing.Purpose,
        _ settings: APISettings,
        now: @escaping @Sendable () -> Date
    ) {
        site = SiteCookies(publicURL: settings.common.publicURL)
        sealed = SealedCookie(SealingKeys(for: purpose, from: settings.secretKeys), now: now)
        self.name = site.name(name)
    }

    /// Stores a pending provider account; replaces a previous one.
    func keep(_ pending: Pending, on response: inout Response) throws {
        let value = try sealed.seal(pending, name: name)
        site.set(name, to: value, maxAge: SealedCookie<Pending>.lifetime, on: &response)
    }

    /// The pending provider account; nil when there is none, or it has expired.
    func pending(of request: Request) -> Pending? {
        request.cookieValue(name).flatMap { sealed.open(RequestCookie(name: name, value: $0)) }?.payload
    }

    /// Deletes the cookie, if the browser has one.
    func forget(of request: Request, on response: inout Response) {
        if !request.cookieValues(name).isEmpty { site.clear(name, on: &response) }
    }
}

/// The cookie of the provider account that is pending until a password is entered.
typealias PendingLinkCookie = PendingCookie<PendingLink>

extension PendingLinkCookie {
    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        self.init(SiteCookies.pendingLink, .pendingLinkCookie, settings, now: now)
    }
}

/// The cookie of the provider account that is pending until an address is entered.
typealias PendingAddressCookie = PendingCookie<PendingAddress>

extension PendingAddressCookie {
    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        self.init(SiteCookies.pendingAddress, .pendingAddressCookie, settings, now: now)
    }
}
