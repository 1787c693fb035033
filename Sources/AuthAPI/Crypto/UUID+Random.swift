import FoundationEssentials

extension UUID {
    /// A random UUID (version 4; RFC 9562, section 5.4), from the system's secure random numbers.
    ///
    /// `UUID()` opens a file, and silently returns zeros when it cannot.
    static func random() -> UUID {
        var generator = SystemRandomNumberGenerator()
        let first: UInt64 = generator.next()
        let second: UInt64 = generator.next()
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: first >> (8 * $0)) }
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: second >> (8 * $0)) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
                bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            )
        )
    }
}
