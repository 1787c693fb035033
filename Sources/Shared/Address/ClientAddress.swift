public import NIOCore

/// Determines the client of a request.
public enum ClientAddress {
    /// The client's address: `X-Real-IP` if the peer is trusted, otherwise the address of the peer.
    ///
    /// A missing, empty or unreadable header (`unknown`, an obfuscated name of RFC 7239) means the peer, so that
    /// omitting it never evades a rate limit by address.
    ///
    /// - Parameters:
    ///   - peer: the other end of the connection.
    ///   - realIP: the value of `X-Real-IP`.
    ///   - trustedPeers: the networks of the reverse proxy and the frontend (`TRUSTED_PEERS`).
    /// - Returns: the address in canonical form; `unknown` for a local socket without the header.
    public static func of(peer: SocketAddress?, realIP: String?, trusting trustedPeers: [IPNetwork]) -> String {
        if isTrusted(peer, by: trustedPeers), let realIP, let client = named(in: realIP) { return client.description }
        return peer.flatMap { IPAddress($0) }?.description ?? "unknown"
    }

    /// Whether the peer's information about the client is trusted; that of a local socket always is.
    public static func isTrusted(_ peer: SocketAddress?, by trustedPeers: [IPNetwork]) -> Bool {
        guard let peer else { return false }
        guard let address = IPAddress(peer) else { return true }
        return trustedPeers.contains(address)
    }

    /// The address in a forwarding header: the last entry of its list, which the peer itself added.
    ///
    /// Proxies write `198.51.100.7`, `198.51.100.7:4711`, `2001:db8::2`, `[2001:db8::2]` and `[2001:db8::2]:4711`.
    static func named(in header: String) -> IPAddress? {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let last = header.utf8.reversed().prefix { $0 != UInt8(ascii: ",") }
        let entry = Array(last.drop(while: isBlank).reversed().drop(while: isBlank))
        // An address in brackets, and a port.
        guard entry.count <= IPAddress.maximumLength + 8 else { return nil }
        let text = String(decoding: entry, as: UTF8.self)
        if let plain = IPAddress(text) ?? IPAddress(host: text) { return plain }
        guard let colon = entry.lastIndex(of: UInt8(ascii: ":")), isPort(entry[(colon + 1)...]) else {
            return nil
        }
        return IPAddress(host: String(decoding: entry[..<colon], as: UTF8.self))
    }

    private static func isPort(_ digits: some Collection<UInt8>) -> Bool {
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return (1...65_535).contains(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }
}
