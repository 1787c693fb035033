/// A range of addresses in CIDR notation (RFC 4632, section 3.1): `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct IPNetwork: Sendable, Hashable {
    /// An address of the range.
    private let address: IPAddress
    /// The prefix length.
    private let prefixLength: Int

    /// Parses an address, or an address and a prefix length; nil for anything else.
    public init?(_ text: some StringProtocol) {
        // An address, a slash and three digits.
        let bytes = Array(text.utf8.prefix(IPAddress.maximumLength + 5))
        let parts = bytes.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        self.address = address
        let width = address.bytes.count * 8
        guard parts.count == 2 else {
            prefixLength = width
            return
        }
        guard let length = Self.number(parts[1]) else { return nil }
        // The prefix of a mapped address counts the bits of IPv6.
        let isMapped = address.isIPv4 && parts[0].contains(UInt8(ascii: ":"))
        let effective = isMapped ? length - 96 : length
        guard (0...width).contains(effective) else { return nil }
        prefixLength = effective
    }

    /// Whether the address belongs to the range.
    public func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
            let bits = min(max(prefixLength - 8 * index, 0), 8)
            let mask = ~(UInt8(truncatingIfNeeded: 0xFF >> bits))
            return pair.0 & mask == pair.1 & mask
        }
    }

    /// A decimal number without sign and leading zeros.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

extension IPNetwork: CustomStringConvertible {
    /// The range in CIDR notation; a single address has no prefix length.
    public var description: String {
        prefixLength == address.bytes.count * 8 ? address.description : "\(address)/\(prefixLength)"
    }
}

extension [IPNetwork] {
    /// Loopback and the private networks (RFC 1918; RFC 4193): the default networks of the reverse proxy.
    public static let privateNetworks = [
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7",
    ].compactMap { IPNetwork($0) }

    /// Whether one of the networks contains the address.
    public func contains(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
