public import NIOCore

/// Where a request comes from.
public enum ClientAddress {
    /// The client's address: `X-Real-IP` when the peer may say it, else the peer itself.
    ///
    /// Only the reverse proxy and the frontend speak to the servers directly, from loopback or from the private network
    /// of the deployment; what anybody else claims is not believed. A missing header means the peer's own address, so
    /// that nothing that counts by address is ever switched off by leaving a header out.
    public static func of(peer: SocketAddress?, realIP: String?) -> String {
        guard isTrusted(peer), let realIP, let parsed = try? SocketAddress(ipAddress: realIP, port: 0) else {
            return peer?.ipAddress ?? "unknown"
        }
        return parsed.ipAddress ?? "unknown"
    }

    /// Whether the peer is on loopback, a private network (RFC 1918, RFC 4193), or a local socket.
    public static func isTrusted(_ peer: SocketAddress?) -> Bool {
        guard let peer else { return false }
        switch peer {
        case .v4: return isTrustedIPv4(addressBytes(of: peer, at: 4, count: 4))
        case .v6: return isTrustedIPv6(addressBytes(of: peer, at: 8, count: 16))
        case .unixDomainSocket: return true
        }
    }

    /// The address as it lies in the socket address structure (ip(7), ipv6(7)), in network byte order.
    static func addressBytes(of peer: SocketAddress, at offset: Int, count: Int) -> [UInt8] {
        peer.withSockAddr { pointer, size in
            Array(UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(offset).prefix(count))
        }
    }

    private static func isTrustedIPv4(_ bytes: [UInt8]) -> Bool {
        bytes[0] == 127 || bytes[0] == 10 || (bytes[0] == 172 && bytes[1] & 0xF0 == 16)
            || (bytes[0] == 192 && bytes[1] == 168)
    }

    private static func isTrustedIPv6(_ bytes: [UInt8]) -> Bool {
        let leadingZeros = bytes.prefix { $0 == 0 }.count
        if leadingZeros == 15, bytes[15] == 1 { return true }
        // ::ffff:a.b.c.d, an IPv4 peer of a socket that listens on both.
        if leadingZeros == 10, bytes[10] == 0xFF, bytes[11] == 0xFF {
            return isTrustedIPv4(Array(bytes[12...]))
        }
        return bytes[0] & 0xFE == 0xFC
    }
}
