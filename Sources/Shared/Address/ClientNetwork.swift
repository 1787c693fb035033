/// The network of an address: the range that one household or company usually has.
public enum ClientNetwork {
    /// The first 24 bits of an IPv4 address, the first 64 of an IPv6 address; `unknown` for anything else.
    ///
    /// An IPv6 address that represents an IPv4 address counts as that: behind a translator (`64:ff9b::/96`; RFC 6052,
    /// section 2.1) all IPv4 clients are in one /64, and with 6to4 (`2002::/16`; RFC 3056, section 2) each has 65,536.
    public static func of(_ address: String?) -> String {
        guard let address, let parsed = IPAddress(address) else { return "unknown" }
        let bytes = parsed.bytes
        if parsed.isIPv4 { return ipv4(bytes[...]) }
        if bytes.starts(with: translated) { return ipv4(bytes[12...]) }
        if bytes.starts(with: [0x20, 0x02]) { return ipv4(bytes[2..<6]) }
        let groups = stride(from: 0, to: 8, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
    }

    private static let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]

    private static func ipv4(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.prefix(3).map { String($0) }.joined(separator: ".") + ".0/24"
    }
}
