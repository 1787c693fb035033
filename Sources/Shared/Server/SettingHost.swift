/// A host in a setting: an IP address or a host name, without a port.
///
/// This type parses all hosts in settings.
public struct SettingHost: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is not a host; completes a sentence that begins with the setting's name.
    public struct Fault: Error {
        /// The reason, without the text.
        public let reason: String
    }

    /// The host for system calls and libpq: in lower case, addresses in canonical form, IPv6 ones without brackets.
    public let description: String
    /// Whether the host is an IPv6 address.
    public let isIPv6: Bool

    /// Parses an IPv4 address, an IPv6 address with or without brackets, or a host name.
    ///
    /// - Throws: ``Fault``.
    public init(_ text: String) throws(Fault) {
        guard text.utf8.count <= 255 else { throw Fault(reason: "must be a host, at most 255 characters long") }
        let text = text.lowercased()
        if text.contains("/") { throw Fault(reason: "must be a host without scheme, path or range") }
        if text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x2C || $0 == 0x3B }) {
            throw Fault(reason: "must be one host, without spaces and commas")
        }
        if text.contains("*") { throw Fault(reason: "must not be *; for all addresses, use 0.0.0.0, or :: for IPv6") }
        if text.contains("%") { throw Fault(reason: "must be an address without a zone (%)") }
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let address = isBracketed ? String(text.dropFirst().dropLast()) : text
        if text.contains(":"), let address = IPAddress(address) {
            // An IPv4-mapped IPv6 address is an IPv4 address.
            (description, isIPv6) = (address.description, !address.isIPv4)
        } else if !isBracketed, IPAddress(text) != nil || Self.isName(text) {
            (description, isIPv6) = (text, false)
        } else if let colon = text.lastIndex(of: ":"), UInt16(text[text.index(after: colon)...]) != nil,
            (try? SettingHost(String(text[..<colon]))) != nil
        {
            throw Fault(reason: "must be a host without a port; the port has a separate setting")
        } else {
            throw Fault(reason: "must be a host name or an IP address")
        }
    }

    /// The host as in a URL (RFC 3986, section 3.2.2).
    public var authority: String { isIPv6 ? "[\(description)]" : description }

    /// The URL of a path on a server that listens on this host, for requests from this machine.
    public func url(port: Int, path: String) -> String {
        "http://\(reachable.authority):\(port)\(path)"
    }

    /// The host for requests from this machine to a server that listens on it: loopback for an unspecified address.
    private var reachable: SettingHost {
        guard isIPv6 else { return description == "0.0.0.0" ? .loopback : self }
        return description.allSatisfy(":.0".contains) ? .loopback6 : self
    }

    /// Every IPv4 address.
    public static let anyIPv4 = SettingHost(known: "0.0.0.0", isIPv6: false)
    private static let loopback = SettingHost(known: "127.0.0.1", isIPv6: false)
    private static let loopback6 = SettingHost(known: "::1", isIPv6: true)

    private init(known: String, isIPv6: Bool) { (description, self.isIPv6) = (known, isIPv6) }

    /// Whether the text is a host name (RFC 1123, section 2.1; Docker's names may have underscores).
    ///
    /// One that ends in a number is a mistyped address.
    private static func isName(_ text: String) -> Bool {
        var labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        let isWellFormed = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
                }
        }
        guard isWellFormed, let last = labels.last else { return false }
        return !last.allSatisfy { (0x30...0x39).contains($0) } && !last.starts(with: [0x30, 0x78])
    }
}
