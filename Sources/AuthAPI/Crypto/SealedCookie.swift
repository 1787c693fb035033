import FoundationEssentials

/// Seals values into cookies that a browser keeps for this site and can neither read, change, move to another name nor
/// keep longer than they last.
///
/// No server has to remember anything between two steps of a flow, so any replica can take the next one.
struct SealedCookie<Payload: Codable & Sendable>: Sendable {
    /// What is inside.
    struct Content: Codable, Sendable {
        /// When it stops to count, in milliseconds since 1970; the browser's own `Max-Age` binds nobody.
        let expiresAt: Int64
        let payload: Payload
    }

    /// How long the values last, in seconds.
    static var lifetime: Int { 600 }
    /// The most bytes of a cookie that are looked at: browsers keep no larger ones (RFC 6265, section 6.1).
    private static var maximumLength: Int { 4096 }

    private let keys: SealingKeys
    private let now: @Sendable () -> Date

    init(_ keys: SealingKeys, now: @escaping @Sendable () -> Date) {
        self.keys = keys
        self.now = now
    }

    /// The value of a cookie of that name.
    func seal(_ payload: Payload, name: String) throws -> String {
        let content = Content(expiresAt: milliseconds + Int64(Self.lifetime) * 1000, payload: payload)
        let encoder = JSONEncoder()
        // Addresses are full of them, and cookies are to be small.
        encoder.outputFormatting = .withoutEscapingSlashes
        return Base64URL.encode(try keys.seal(Array(encoder.encode(content)), in: name))
    }

    /// What a cookie of that name holds; nil when this site did not seal it, or too long ago.
    func open(_ cookie: RequestCookie) -> Content? {
        guard cookie.value.utf8.count <= Self.maximumLength, let sealed = Base64URL.decode(cookie.value),
            let plain = keys.open(sealed, in: cookie.name),
            let content = try? JSONDecoder().decode(Content.self, from: Data(plain)), content.expiresAt > milliseconds
        else { return nil }
        return content
    }

    private var milliseconds: Int64 { Int64(now().timeIntervalSince1970 * 1000) }
}
