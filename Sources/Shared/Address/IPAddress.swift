public import NIOCore

/// An IPv4 or IPv6 address.
///
/// An IPv4-mapped IPv6 address (`::ffff:198.51.100.7`; RFC 4291, section 2.5.5.2) is that IPv4 address, so that every
/// address has one value and one text form.
public struct IPAddress: Sendable, Hashable {
    /// The maximum length of an address in text form (`INET6_ADDRSTRLEN` without the terminator).
    static let maximumLength = 45

    /// Four or sixteen bytes in network order.
    public let bytes: [UInt8]

    /// Creates an address from four or sixteen bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16: self.bytes = bytes.starts(with: Self.mappedPrefix) ? Array(bytes[12...]) : bytes
        default: return nil
        }
    }

    /// Parses `198.51.100.7` or `2001:db8::2` (RFC 4291, section 2.2); nil for anything else, such as leading zeros, a
    /// zone, brackets, a port or spaces.
    public init?(_ text: some StringProtocol) {
        // inet_pton would accept zones (RFC 4007, section 11), too.
        guard (2...Self.maximumLength).contains(text.utf8.count), text.utf8.allSatisfy(Self.isPart),
            let socket = try? SocketAddress(ipAddress: String(text), port: 0)
        else { return nil }
        self.init(socket)
    }

    /// Parses an address as in a URL: an IPv6 address has brackets (RFC 3986, section 3.2.2).
    public init?(host text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(Self.maximumLength + 3))
        let isBracketed = bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
        guard isBracketed == bytes.contains(UInt8(ascii: ":")) else { return nil }
        self.init(String(decoding: isBracketed ? bytes[1..<(bytes.count - 1)] : bytes[...], as: UTF8.self))
    }

    /// The address of a socket, without port and zone; nil for a local socket.
    public init?(_ peer: SocketAddress) {
        // The offset of the address in its structure: ip(7), ipv6(7).
        let place: (offset: Int, count: Int)
        switch peer {
        case .v4: place = (4, 4)
        case .v6: place = (8, 16)
        case .unixDomainSocket: return nil
        }
        self.init(
            bytes: peer.withSockAddr { pointer, size in
                Array(UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(place.offset).prefix(place.count))
            }
        )
    }

    /// Whether it is an IPv4 address.
    public var isIPv4: Bool { bytes.count == 4 }

    /// Whether it is the unspecified address, `0.0.0.0` or `::`: all addresses of a machine.
    public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// Whether it is an address of this machine: 127.0.0.0/8 or `::1` (RFC 6890).
    public var isLoopback: Bool {
        isIPv4 ? bytes[0] == 127 : bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
    }

    /// The address as in a URL.
    public var urlHost: String { isIPv4 ? description : "[\(description)]" }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text form of the address (RFC 5952).
    public var description: String {
        let socket = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0)
        return socket?.ipAddress ?? "unknown"
    }
}
