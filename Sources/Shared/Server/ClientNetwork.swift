import NIOCore

/// The network that an address belongs to: what one household or company usually has to itself.
public enum ClientNetwork {
    /// The first 24 bits of an IPv4 address (also of one that an IPv6 address carries, RFC 4291, section 2.5.5.2), the
    /// first 64 of an IPv6 address; `unknown` for anything else.
    public static func of(_ address: String?) -> String {
        guard let address, let parsed = try? SocketAddress(ipAddress: address, port: 0) else { return "unknown" }
        switch parsed {
        case .v4: return ipv4(ClientAddress.addressBytes(of: parsed, at: 4, count: 4))
        case .v6:
            let bytes = ClientAddress.addressBytes(of: parsed, at: 8, count: 16)
            if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
                return ipv4(Array(bytes[12...]))
            }
            let groups = stride(from: 0, to: 8, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
            return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
        case .unixDomainSocket: return "unknown"
        }
    }

    private static func ipv4(_ bytes: [UInt8]) -> String { "\(bytes[0]).\(bytes[1]).\(bytes[2]).0/24" }
}
