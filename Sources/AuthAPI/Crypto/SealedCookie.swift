import FoundationEssentials

/// Encrypts values into cookies that a client can neither read, change, rename nor use after they expire.
///
/// Servers keep no state between two steps of a flow, so any replica can handle the next one.
struct SealedCookie<Payload: Codable & Sendable>: Sendable {
    /// The value.
    struct Content: Codable, Sendable {
        /// When it expires, in milliseconds since 1970; clients can ignore `Max-Age`.
        let expiresAt: Int64
        let payload: Payload
    }

    /// The usual lifetime of the values in seconds.
    static var lifetime: Int { 600 }
    /// The maximum length of a cookie in bytes: browsers store no larger ones (RFC 6265, section 6.1).
    private static var maximumLength: Int { 4096 }

    private let keys: SealingKeys
    private let now: @Sendable () -> Date

    init(_ keys: SealingKeys, now: @escaping @Sendable () -> Date) {
        self.keys = keys
        self.now = now
    }

    /// The value of a cookie with that name and a lifetime in seconds.
    func seal(_ payload: Payload, name: String, lifetime: Int = Self.lifetime) throws -> String {
        let content = Content(expiresAt: milliseconds + Int64(lifetime) * 1000, payload: payload)
        let encoder = JSONEncoder()
        // URLs contain many slashes, and cookies should be small.
        encoder.outputFormatting = .withoutEscapingSlashes
        return Base64URL.encode(try keys.seal(Array(encoder.encode(content)), in: name))
    }

    /// The value in a cookie with that name; nil when it is not from this site, or has expired.
    func open(_ cookie: RequestCookie) -> Content? {
        guard cookie.value.utf8.count <= Self.maximumLength, let sealed = Base64URL.decode(cookie.value),
            let plain = keys.open(sealed, in: cookie.name),
            let content = try? JSONDecoder().decode(Content.self, from: Data(plain)), content.expiresAt > milliseconds
        else { return nil }
        return content
    }

    private var milliseconds: Int64 { Int64(now().timeIntervalSince1970 * 1000) }
}
