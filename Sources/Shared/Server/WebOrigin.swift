import FoundationEssentials

/// Scheme, host and port of a web address (RFC 6454): `https://example.com`, `http://localhost:8080`.
public struct WebOrigin: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// Host and, unless it is the scheme's own, port, as a `Host` header carries them.
    public let authority: String

    /// Reads an address of the form `scheme://host[:port]`, with at most a slash behind it.
    public init?(_ text: String) {
        guard let parts = URLComponents(string: text.lowercased()), let scheme = parts.scheme,
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
            parts.path.isEmpty || parts.path == "/", host.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x2A })
        else { return nil }
        self.scheme = scheme
        if let port = parts.port, port != (scheme == "https" ? 443 : 80) {
            guard (1...65_535).contains(port) else { return nil }
            authority = "\(host):\(port)"
        } else {
            authority = host
        }
    }

    /// Whether browsers reach the site through TLS.
    public var isSecure: Bool { scheme == "https" }

    /// The origin as the `Origin` header writes it.
    public var description: String { "\(scheme)://\(authority)" }
}
