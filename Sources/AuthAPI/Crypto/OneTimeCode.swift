import Crypto
import Shared

/// A code of 128 random bits that an operator gives to a user; the database has only a keyed hash of it.
struct OneTimeCode: Sendable {
    /// The code as in links: 22 characters (RFC 4648, section 5).
    let text: Secret

    /// Creates a random code.
    init() {
        text = Secret(unsafe SymmetricKey(size: .bits128).withUnsafeBytes { bytes in unsafe Base64URL.encode(bytes) })
    }

    /// Parses typed or pasted text: the code, or the link that ends with it; nil when it is neither.
    init?(typed text: String) {
        guard let code = TypedCode.code(in: text), Base64URL.decode(code)?.count == 16 else { return nil }
        self.text = Secret(code)
    }

    /// Typed text that may be a code: if it is not, the response is the same as for an invalid code.
    static func unread(_ text: String) throws(RuleViolation) -> String {
        guard text.utf8.count <= TypedCode.maximumLength else {
            throw RuleViolation(.tooLong, "The code may have at most \(TypedCode.maximumLength) characters.")
        }
        guard !TypedCode.isMissing(text) else { throw RuleViolation(.required, "Enter the code.") }
        return text
    }

    /// The link to a page, with the code in the fragment: browsers do not send it, so it appears in no log and no
    /// `Referer`, and a program that only fetches the link does not use the code.
    func link(to path: String, as field: String, at publicURL: WebOrigin) -> String {
        "\(publicURL)\(path)#\(field)=\(text.value)"
    }
}

/// Hashes the codes of one purpose (HMAC-SHA256).
struct OneTimeCodeKeys: Sendable {
    private let current: SymmetricKey
    private let previous: SymmetricKey?

    init(for purpose: KeyRing.Purpose, from secrets: SecretKeys) {
        current = KeyRing.key(for: purpose, from: secrets.current)
        previous = secrets.previous.map { KeyRing.key(for: purpose, from: $0) }
    }

    /// The hash to store.
    func hash(_ code: OneTimeCode) -> [UInt8] { Self.hash(code, current) }

    /// The possible stored hashes of a code.
    func candidates(_ code: OneTimeCode) -> CodeHashes {
        CodeHashes(current: hash(code), previous: previous.map { Self.hash(code, $0) })
    }

    private static func hash(_ code: OneTimeCode, _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(code.text.value.utf8), using: key))
    }
}

/// The possible stored hashes of a code: with the current and with the previous `SECRET_KEY`.
struct CodeHashes: Sendable {
    let current: [UInt8]
    let previous: [UInt8]?
}
