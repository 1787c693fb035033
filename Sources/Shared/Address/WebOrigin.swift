/// The origin of a URL (RFC 6454): scheme, host and port, such as `https://example.com`, `http://localhost:8080`.
///
/// Every origin has one form: lower case, without the scheme's default port, without a dot at the end,
/// internationalized names in ASCII (see ``HostName``).
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is not an origin.
    public struct Fault: Error {
        /// The reason, as a clause.
        public let reason: String
    }

    /// The maximum length of the input in bytes.
    private static let maximumLength = 600

    /// `http` or `https`.
    public let scheme: String
    /// The host, and the port unless it is the scheme's default, as in a `Host` header.
    public let authority: String

    /// The URL of a site without settings.
    public static let localhost = WebOrigin(fixed: "http", "localhost:8080")

    private init(fixed scheme: String, _ authority: String) {
        self.scheme = scheme
        self.authority = authority
    }

    /// Parses a URL of the form `scheme://host[:port]`, optionally with a slash at the end; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let origin = try? WebOrigin(reading: text) else { return nil }
        self = origin
    }

    /// Parses a URL like the initializer that returns nil.
    ///
    /// - Throws: ``Fault`` with the reason.
    public init(reading text: some StringProtocol) throws(Fault) {
        guard text.utf8.count <= Self.maximumLength else { throw Fault(reason: "it is too long") }
        let text = String(text)
        guard let scheme = ["https", "http"].first(where: { text.utf8.startsCaseless(with: "\($0)://") }) else {
            throw Fault(reason: "it must begin with https:// or http://")
        }
        var rest = text.utf8.dropFirst(scheme.utf8.count + 3)
        if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        guard !rest.contains(where: { "/?#\\".utf8.contains($0) }) else {
            throw Fault(reason: "it must have no path and no query")
        }
        guard !rest.contains(UInt8(ascii: "@")) else { throw Fault(reason: "it must have no user name") }
        try self.init(scheme: scheme, authority: Substring(rest))
    }

    /// Parses host and port, as in a `Host` header.
    init(scheme: String, authority text: Substring) throws(Fault) {
        let bytes = text.utf8
        var host = text
        var port: Int?
        // The colons of an IPv6 address are in brackets.
        let end = bytes.lastIndex(of: UInt8(ascii: "]")) ?? bytes.startIndex
        if let colon = bytes[end...].lastIndex(of: UInt8(ascii: ":")) {
            host = text[..<colon]
            let digits = bytes[bytes.index(after: colon)...]
            if !digits.isEmpty { port = try Self.port(digits) }
        }
        do {
            let name = try HostName(host).ascii
            self.scheme = scheme
            authority = port.map { $0 == Self.defaultPort(of: scheme) ? name : "\(name):\($0)" } ?? name
        } catch {
            throw Fault(reason: "the host \(error.reason)")
        }
    }

    /// The port, unless it is the scheme's default.
    public var port: Int? {
        let bytes = authority.utf8
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), !bytes[colon...].contains(UInt8(ascii: "]")) else {
            return nil
        }
        return Int(authority[bytes.index(after: colon)...])
    }

    /// The host without the port; an IPv6 address in brackets.
    public var host: String { port.map { String(authority.dropLast("\($0)".utf8.count + 1)) } ?? authority }

    /// Whether browsers reach the site over TLS.
    public var isSecure: Bool { scheme.utf8.count == 5 }

    /// Whether the site is on this machine.
    public var isLoopback: Bool { HostName.isLoopback(host) }

    /// The origin as in the `Origin` header.
    public var description: String { "\(scheme)://\(authority)" }

    private static func defaultPort(of scheme: String) -> Int { scheme.utf8.count == 5 ? 443 : 80 }

    private static func port(_ digits: Substring.UTF8View) throws(Fault) -> Int {
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(Substring(digits)),
            (1...65_535).contains(port)
        else { throw Fault(reason: "the port is not a number from 1 to 65535") }
        return port
    }
}
