import FoundationEssentials

/// An address at a provider that this server may ask: https, or plain http on this machine for tests.
struct ProviderAddress: Sendable, Hashable, CustomStringConvertible {
    /// The most bytes.
    static let maximumLength = 2048

    /// The address as it was given.
    let description: String
    private let host: String
    private let isEncrypted: Bool

    /// Reads an address; nil when it must not be asked.
    ///
    /// OpenID Connect Discovery 1.0, section 3: an issuer is https and has neither query nor fragment; an endpoint may
    /// have a query. What only confuses readers (user names, backslashes, blanks) is refused as well.
    init?(_ text: String, allowsQuery: Bool = false) {
        guard Self.isPlain(text),
            let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            let scheme = parts.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.fragment == nil, allowsQuery || parts.query == nil,
            parts.port.map({ (1...65_535).contains($0) }) ?? true
        else { return nil }
        let name = Self.normalized(host)
        guard scheme == "https" || Self.isLoopback(name) else { return nil }
        description = text
        self.host = name
        isEncrypted = scheme == "https"
    }

    /// Whether a text is short and has nothing but visible ASCII, as addresses have (RFC 3986, section 2).
    static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= maximumLength && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// The address of an endpoint that the discovery document of this issuer names; nil when it must not be asked.
    ///
    /// RFC 8414, section 6.2, warns of documents that lead elsewhere. The issuer's own host may serve everything, other
    /// hosts must be public names with https: so no document makes this server ask inside its own network.
    func endpoint(_ text: String) -> ProviderAddress? {
        guard let endpoint = ProviderAddress(text, allowsQuery: true) else { return nil }
        if endpoint.host == host { return endpoint.isEncrypted || !isEncrypted ? endpoint : nil }
        return endpoint.isEncrypted && Self.isPublicName(endpoint.host) ? endpoint : nil
    }

    /// Whether the address is on this machine.
    var isOnThisMachine: Bool { Self.isLoopback(host) }

    /// The address of a path below this one.
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

    /// Whether the name means this machine (RFC 6890; RFC 6761, section 6.3).
    private static func isLoopback(_ name: String) -> Bool {
        if name == "localhost" || name == "::1" { return true }
        let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Whether the name is one of the public internet as far as its spelling tells: not an IP address in any notation,
    /// not a name without a dot, not in a domain for private use (RFC 6762, RFC 8375, and what ICANN reserved).
    private static func isPublicName(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, !name.contains(":"), let last = labels.last, let first = last.utf8.first,
            !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return false }
        return !["localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa"].contains(String(last))
    }
}
