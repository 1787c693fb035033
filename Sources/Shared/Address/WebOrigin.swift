/// Scheme, host and port of a web address (RFC 6454): `https://example.com`, `http://localhost:8080`.
///
/// Every origin has one spelling: lower case, the scheme's own port left out, no dot at the end, internationalised names
/// in ASCII (see ``HostName``).
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no origin.
    public struct Fault: Error {
        /// What is wrong, as a clause.
        public let reason: String
    }

    /// The most bytes that are read.
    private static let maximumLength = 600

    /// `http` or `https`.
    public let scheme: String
    /// Host and, unless it is the scheme's own, port, as a `Host` header carries them.
    public let authority: String

    /// The address of a site that was started without settings.
    public static let localhost = WebOrigin(fixed: "http", "localhost:8080")

    private init(fixed scheme: String, _ authority: String) {
        self.scheme = scheme
        self.authority = authority
    }

    /// Reads an address of the form `scheme://host[:port]`, with at most a slash behind it; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let origin = try? WebOrigin(reading: text) else { return nil }
        self = origin
    }

    /// Reads an address as the initialiser that returns nil does.
    ///
    /// - Throws: ``Fault`` that says what is wrong.
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

    /// Reads host and port as a `Host` header carries them.
    init(scheme: String, authority text: Substring) throws(Fault) {
        let bytes = text.utf8
        var host = text
        var port: Int?
        // The colons of an IPv6 address stand in brackets.
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

    /// Whether browsers reach the site through TLS.
    public var isSecure: Bool { scheme.utf8.count == 5 }

    /// The origin as the `Origin` header writes it.
    public var description: String { "\(scheme)://\(authority)" }

    private static func defaultPort(of scheme: String) -> Int { scheme.utf8.count == 5 ? 443 : 80 }

    private static func port(_ digits: Substring.UTF8View) throws(Fault) -> Int {
        guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(Substring(digits)),
            (1...65_535).contains(port)
        else { throw Fault(reason: "the port is not a number from 1 to 65535") }
        return port
    }
}
