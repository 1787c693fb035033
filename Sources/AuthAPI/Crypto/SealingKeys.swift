import Crypto
import Shared

/// Authenticated encryption with AES-256-GCM (NIST SP 800-38D), with keys that ``KeyRing`` derives from `SECRET_KEY`,
/// and from `SECRET_KEY_PREVIOUS` for data from before a rotation.
///
/// Nonces are random, which is safe for 2^32 encryptions with one key (NIST SP 800-38D, section 8.3).
struct SealingKeys: Sendable {
    /// A key and its number.
    private struct Key: Sendable {
        let symmetric: SymmetricKey
        let version: Int32

        init(_ purpose: KeyRing.Purpose, from secret: Secret) {
            symmetric = KeyRing.key(for: purpose, from: secret)
            version = KeyRing.version(of: purpose, from: secret)
        }
    }

    private let current: Key
    private let previous: Key?

    /// Derives the keys of a purpose.
    init(for purpose: KeyRing.Purpose, from secrets: SecretKeys) {
        current = Key(purpose, from: secrets.current)
        previous = secrets.previous.map { Key(purpose, from: $0) }
    }

    /// The positive number of the current key: a fingerprint, the same in every replica.
    var version: Int32 { current.version }

    /// Encrypts bytes; decryption requires the same context.
    ///
    /// - Returns: nonce, ciphertext and tag.
    func seal(_ plain: [UInt8], in context: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(plain, using: current.symmetric, authenticating: Array(context.utf8))
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Decrypts data that either key has encrypted in the context; nil for anything else.
    func open(_ sealed: [UInt8], in context: String) -> [UInt8]? {
        Self.open(sealed, with: current, in: context) ?? previous.flatMap { Self.open(sealed, with: $0, in: context) }
    }

    /// Decrypts data that the key with that number has encrypted in the context; nil for anything else.
    func open(_ sealed: [UInt8], version: Int32, in context: String) -> [UInt8]? {
        [current, previous].compactMap(\.self).filter { $0.version == version }.lazy
            .compactMap { Self.open(sealed, with: $0, in: context) }.first
    }

    private static func open(_ sealed: [UInt8], with key: Key, in context: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let plain = try? AES.GCM.open(box, using: key.symmetric, authenticating: Array(context.utf8))
        else { return nil }
        return Array(plain)
    }
}
