import FoundationEssentials
import Hummingbird
import Shared

/// The ID of a browser that has signed in to an account.
typealias DeviceID = UUID

/// A browser that has signed in to an account.
struct KnownDevice: Sendable, Equatable {
    let id: DeviceID
    /// The time of its last sign-in, to the second.
    let since: Date
}

/// Marks a browser as known for an account that it has signed in to, so that an attacker who guesses from elsewhere
/// cannot lock the user out (OWASP "Slow Down Online Guessing Attacks with Device Cookies").
///
/// The cookie contains a random ID and its expiry, encrypted for one email address: it is not valid for other accounts,
/// reveals nothing, and does not sign in. Signing out keeps it.
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
        name = site.name("known_device")
        keys = SealingKeys(for: .deviceCookie, secretKey: settings.secretKey, previous: settings.secretKeyPrevious)
        self.now = now
    }

    /// The browser, if it is known for the email address.
    func device(of request: Request, for email: EmailAddress) -> KnownDevice? {
        guard let value = request.cookieValue(name), value.utf8.count <= Self.maximumLength,
            let sealed = Base64URL.decode(value), let plain = keys.open(sealed, in: context(email)),
            let content = try? JSONDecoder().decode(Content.self, from: Data(plain)), content.until > seconds
        else { return nil }
        let since = content.until - Int64(Self.lifetime)
        return KnownDevice(id: content.device, since: Date(timeIntervalSince1970: TimeInterval(since)))
    }

    /// Marks the browser as known for the email address, with its current ID or a new one.
    func keep(for email: EmailAddress, of request: Request, on response: inout Response) throws {
        let content = Content(
            device: device(of: request, for: email)?.id ?? .random(),
            until: seconds + Int64(Self.lifetime)
        )
        let sealed = try keys.seal(Array(JSONEncoder().encode(content)), in: context(email))
        site.set(name, to: Base64URL.encode(sealed), maxAge: Self.lifetime, on: &response)
    }

    /// Deletes the cookie.
    func forget(on response: inout Response) { site.clear(name, on: &response) }

    private struct Content: Codable {
        let device: DeviceID
        /// When it expires, in seconds since 1970.
        let until: Int64
    }

    private func context(_ email: EmailAddress) -> String { "\(name) \(email.value)" }
    private var seconds: Int64 { Int64(now().timeIntervalSince1970) }
}
