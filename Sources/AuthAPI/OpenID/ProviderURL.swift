import FoundationEssentials
import Shared

/// A URL at a provider that this server may request: https, or plain http on this machine for tests.
struct ProviderURL: Sendable, Hashable, CustomStringConvertible {
    /// The maximum length in bytes.
    static let maximumLength = 2048

    /// The URL, unchanged.
    let description: String
    private let host: String
    private let port: Int
    private let isEncrypted: Bool

    /// Parses a URL; nil when it must not be requested.
    ///
    /// OpenID Connect Discovery 1.0, section 3: an issuer is https and has neither query nor fragment; an endpoint may
    /// have a query. Parts that parsers interpret differently (user names, backslashes, spaces) are rejected, too.
    init?(_ text: String, allowsQuery: Bool = false) {
        self.init(text, allowsQuery: allowsQuery, isPlainAllowed: Self.isLoopback)
    }

    /// Parses the origin for requests of this server, if browsers use another one: scheme, host and port; http only in a
    /// private network.
    init?(internalOrigin text: String) {
        self.init(text, allowsQuery: false, isPlainAllowed: Self.isPrivate)
        guard ["", "/"].contains(pathAndQuery) else { return nil }
    }

    private init?(_ text: String, allowsQuery: Bool, isPlainAllowed: (String) -> Bool) {
        guard Self.isPlain(text),
            let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            let scheme = parts.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.fragment == nil, allowsQuery || parts.query == nil,
            parts.port.map({ (1...65_535).contains($0) }) ?? true
        else { return nil }
        let name = Self.normalized(host)
        // The HTTP client traps at hosts like `[`.
        guard !name.isEmpty, !name.contains(where: { $0 == "[" || $0 == "]" }) else { return nil }
        guard scheme == "https" || isPlainAllowed(name) else { return nil }
        description = text
        self.host = name
        port = parts.port ?? (scheme == "https" ? 443 : 80)
        isEncrypted = scheme == "https"
    }

    /// Whether a text is short and consists of visible ASCII, like a URL (RFC 3986, section 2).
    static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= maximumLength && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// An endpoint from the discovery document of this issuer; nil when it must not be requested.
    ///
    /// RFC 8414, section 6.2, warns of documents that name other hosts. The issuer's own host may have any endpoint; other
    /// hosts must be public names with https, so no document makes this server send requests inside its own network.
    func endpoint(_ text: String) -> ProviderURL? {
        guard let endpoint = ProviderURL(text, allowsQuery: true) else { return nil }
        if endpoint.host == host { return endpoint.isEncrypted || !isEncrypted ? endpoint : nil }
        return endpoint.isEncrypted && Self.isPublicName(endpoint.host) ? endpoint : nil
    }

    /// The URL for requests to an endpoint from the discovery document of this issuer; nil when it must not be requested.
    ///
    /// With an internal origin, requests to endpoints of the issuer's origin go there. A provider may already list them with
    /// the origin of the request.
    func endpoint(_ text: String, through origin: ProviderURL?) -> ProviderURL? {
        guard let origin else { return endpoint(text) }
        if let given = ProviderURL(text, allowsQuery: true, isPlainAllowed: Self.isPrivate),
            given.hasOrigin(of: origin)
        {
            return given
        }
        guard let endpoint = endpoint(text) else { return nil }
        return endpoint.hasOrigin(of: self) ? endpoint.moved(to: origin) : endpoint
    }

    /// The same path and query at another origin; nil if the URL is too long.
    func moved(to origin: ProviderURL) -> ProviderURL? {
        let start = String(origin.description.dropLast(origin.pathAndQuery.count))
        return ProviderURL(start + pathAndQuery, allowsQuery: true, isPlainAllowed: Self.isPrivate)
    }

    /// Microsoft's alias for all tenants, or for one kind of tenant, whose tokens have the issuer of a single tenant;
    /// nil for any other issuer (Microsoft, "OpenID Connect on the Microsoft identity platform").
    var microsoftAlias: String? {
        let hosts = ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"]
        guard hosts.contains(host) || host == "sts.windows.net",
            let tenant = pathAndQuery.split(separator: "/").first?.lowercased()
        else { return nil }
        return ["common", "organizations", "consumers"].contains(tenant) ? tenant : nil
    }

    /// The host, and the port unless it is the scheme's own.
    var shownHost: String { port == (isEncrypted ? 443 : 80) ? host : "\(host):\(port)" }

    private func hasOrigin(of other: ProviderURL) -> Bool {
        host == other.host && port == other.port && isEncrypted == other.isEncrypted
    }

    private var pathAndQuery: Substring {
        guard let scheme = description.firstRange(of: "://") else { return "" }
        return description[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
    }

    /// Whether the address is on this machine.
    var isOnThisMachine: Bool { Self.isLoopback(host) }

    /// The URL of a path below this one.
    func appending(_ path: String) -> String {
        (description.hasSuffix("/") ? String(description.dropLast()) : description) + path
    }

    /// Lower case, without the brackets of an IPv6 address and without the dot of the root.
    private static func normalized(_ host: String) -> String {
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        return name
    }

    /// Whether the name refers to this machine (RFC 6890; RFC 6761, section 6.3).
    private static func isLoopback(_ name: String) -> Bool {
        name == "localhost" || IPAddress(name)?.isLoopback == true
    }

    /// Whether the name belongs to a private network: not public by its spelling, and not a public IP address.
    private static func isPrivate(_ name: String) -> Bool {
        guard let address = IPAddress(name) else { return !isPublicName(name) && !name.hasSuffix(".") }
        return [IPNetwork].privateNetworks.contains(address)
    }

    /// Whether the name is public by its spelling: not an IP address in any notation,
    /// not a name without a dot, not in a domain for private use (RFC 6762, RFC 8375, and what ICANN reserved).
    private static func isPublicName(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, !name.contains(":"), let last = labels.last, let first = last.utf8.first,
            !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return false }
        return !["localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa"].contains(String(last))
    }
}
