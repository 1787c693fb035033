import CCrypt
import Crypto

/// A bcrypt hash of a user from an earlier backend: it is checked, never created.
///
/// The earlier backend hashed the typed password in UTF-8, and used at most 72 bytes of it; so later bytes do not count
/// here either, until the first sign-in replaces the hash with an Argon2id one. A password with a NUL byte is rejected:
/// C implementations stop there, and Python's raised an error.
///
/// Django's `BCryptSHA256PasswordHasher` hashes the password's SHA-256 in hexadecimal instead, so that all bytes count.
struct LegacyBcrypt: Sendable, CustomStringConvertible {
    /// The number of bytes that bcrypt uses.
    static let passwordLimit = 72
    /// The allowed costs, as powers of two; 15 takes about three seconds.
    static let costRange = 4...15

    /// Django's prefix of a hash of the SHA-256.
    private static let digestPrefix = "bcrypt_sha256$"

    /// Prefix, cost and salt, with the hash after them: 60 ASCII characters.
    private let text: [UInt8]
    /// Whether it is a hash of the password's SHA-256.
    private let isOfDigest: Bool

    /// The hash in the stored form.
    var description: String { (isOfDigest ? Self.digestPrefix : "") + String(decoding: text, as: UTF8.self) }

    /// Parses `$2a$`, `$2b$` or `$2y$`, cost, salt and hash, after an optional `bcrypt_sha256$`; nil when malformed or
    /// too expensive.
    init?(_ stored: String) {
        isOfDigest = stored.hasPrefix(Self.digestPrefix)
        let text = Array(stored.utf8.dropFirst(isOfDigest ? Self.digestPrefix.utf8.count : 0))
        guard text.count == 60, text.starts(with: Array("$2".utf8)), Array("aby".utf8).contains(text[2]),
            text[3] == UInt8(ascii: "$"), text[6] == UInt8(ascii: "$"),
            text[4...5].allSatisfy({ (0x30...0x39).contains($0) }),
            Self.costRange.contains(Int(text[4] - 0x30) * 10 + Int(text[5] - 0x30)),
            text[7...].allSatisfy(Self.isRadix64)
        else { return nil }
        self.text = text
    }

    /// Whether the password is correct, as typed or in normalization form C.
    func matches(_ password: Password) -> Bool {
        let normalized = matches(password.normalized)
        // Both are always checked, so that the time does not reveal which one matched.
        let typed = password.typed.map(matches) ?? false
        return normalized || typed
    }

    private func matches(_ password: SecretBytes) -> Bool {
        var phrase = unsafe password.withUnsafeBytes { bytes in
            unsafe isOfDigest ? Self.digest(bytes) : Array(bytes.prefix(Self.passwordLimit))
        }
        defer { unsafe phrase.withUnsafeMutableBytes { buffer in unsafe wipe(buffer) } }
        let hasNUL = phrase.contains(0)
        phrase.append(0)
        guard let computed = hash(phrase), !hasNUL else { return false }
        // Only the 31 characters after the salt: libcrypt writes the salt's last character in canonical form, which the
        // stored hash may not have.
        return constantTimeEqual(Array(computed.suffix(31)), Array(text.suffix(31)))
    }

    /// The SHA-256 in lower-case hexadecimal.
    private static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return unsafe SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
    }

    /// libcrypt's hash of a NUL-terminated phrase with the salt and cost of this hash; nil when it fails.
    private func hash(_ phrase: [UInt8]) -> [UInt8]? {
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        // crypt_r requires a zeroed state, and zeros are a valid value of a struct of characters.
        let memory = unsafe UnsafeMutableRawBufferPointer(start: data, count: MemoryLayout<crypt_data>.size)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        defer {
            unsafe wipe(memory)
            unsafe data.deallocate()
        }
        let setting = (text + [0]).map { CChar(bitPattern: $0) }
        let result = unsafe phrase.withUnsafeBytes { bytes in
            unsafe crypt_r(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), setting, data)
        }
        guard let result = unsafe result else { return nil }
        let output = unsafe Array(String(cString: result).utf8)
        return output.count == text.count ? output : nil
    }

    /// Whether the character is in bcrypt's Base64 alphabet.
    private static func isRadix64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: ".")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
