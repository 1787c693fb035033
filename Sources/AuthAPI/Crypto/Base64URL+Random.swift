import Crypto

extension Base64URL {
    /// The length of 256 bits in characters.
    static let lengthOf256Bits = 43

    /// 256 random bits, which cannot be guessed (RFC 6749, section 10.10; RFC 7636, section 7.1).
    static func random256Bits() -> String {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { bytes in unsafe encode(bytes) }
    }
}
