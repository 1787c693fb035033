import FoundationEssentials
import Hummingbird
import Shared

/// The ID of a browser that has signed in to an account.
typealias DeviceID = UUID

/// A browser that has signed in to an account.
struct KnownDevice: Sendable, Equatable {
    let id: DeviceID
    /// The user who signed in.
    let user: UserID
    /// The time of the last sign-in, to the second.
    let since: Date

    /// Whether it is known for the account that now has the email address; false without one.
    func isKnown(for account: UserCredentials?) -> Bool {
        guard let account, account.user.id == user else { return false }
        return account.devicesKnownSince.map { since >= $0 } ?? true
    }
}

/// Marks a browser as known for an account that it has signed in to, so that an attacker who guesses from elsewhere
/// cannot lock the user out (OWASP "Slow Down Online Guessing Attacks with Device Cookies").
///
/// The cookie contains a random ID, the user and its expiry, encrypted for one email address: it is not valid for other
/// accounts, not even for a later one with the same address, reveals nothing, and does not sign in. Signing out keeps it; a
/// new password invalidates those of all other browsers.
struct DeviceCookie: Sendable {
    /// How long a browser is known after its last sign-in, in seconds: 180 days.
    static let lifetime = 180 * 24 * 60 * 60
    /// The maximum length in bytes.
    private static let maximumLength = 256

    /// The cookie's name.
    let name: String
    private let site: SiteCookies
    private let keys: SealingKeys
    private let now: @Sendable () -> Date

    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        site = SiteCookies(publicURL: settings.common.publicURL)
        name = site.name(SiteCookies.knownDevice)
        keys = SealingKeys(for: .deviceCookie, from: settings.secretKeys)
        self.now = now
    }

    /// From when on cookies count after a password change: the next full second, because they contain no fractions.
    static func knownAgain(after change: Date) -> Date {
        Date(timeIntervalSince1970: change.timeIntervalSince1970.rounded(.down) + 1)
    }

    /// The browser, if its cookie is for the email address; ``KnownDevice/isKnown(for:)`` checks whether it is still valid.
    func device(of request: Request, for email: EmailAddress) -> KnownDevice? {
        guard let value = request.cookieValue(name), value.utf8.count <= Self.maximumLength,
            let sealed = Base64URL.decode(value), let plain = keys.open(sealed, in: context(email)),
            let content = try? JSONDecoder().decode(Content.self, from: Data(plain)), content.until > seconds
        else { return nil }
        let since = content.until - Int64(Self.lifetime)
        return KnownDevice(
            id: content.device,
            user: content.user,
            since: Date(timeIntervalSince1970: TimeInterval(since))
        )
    }

    /// Marks the browser as known for the user with the email address, with its current ID or a new one.
    ///
    /// With `afterPasswordChange`, the cookie counts after the change that has just been stored.
    func keep(
        for email: EmailAddress,
        of user: UserID,
        from request: Request,
        afterPasswordChange: Bool = false,
        on response: inout Response
    ) throws {
        let former = device(of: request, for: email)
        let since = afterPasswordChange ? Self.knownAgain(after: now()) : now()
        let content = Content(
            device: former.flatMap { $0.user == user ? $0.id : nil } ?? .random(),
            user: user,
            until: Int64(since.timeIntervalSince1970) + Int64(Self.lifetime)
        )
        let sealed = try keys.seal(Array(JSONEncoder().encode(content)), in: context(email))
        site.set(name, to: Base64URL.encode(sealed), maxAge: Self.lifetime, on: &response)
    }

    /// Deletes the cookie.
    func forget(on response: inout Response) { site.clear(name, on: &response) }

    private struct Content: Codable {
        let device: DeviceID
        let user: UserID
        /// When it expires, in seconds since 1970.
        let until: Int64
    }

    /// With the number of the format: the first one contained no user, and neither version accepts the other's cookies.
    private func context(_ email: EmailAddress) -> String { "\(name) 2 \(email.value)" }
    private var seconds: Int64 { Int64(now().timeIntervalSince1970) }
}
