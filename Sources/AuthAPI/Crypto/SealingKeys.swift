import Crypto
import FoundationEssentials
import Shared

/// Authenticated encryption with AES-256-GCM (NIST SP 800-38D), under keys that ``KeyRing`` derives from `SECRET_KEY`,
/// and from `SECRET_KEY_PREVIOUS` for what was sealed before a rotation.
///
/// Nonces are random, which is good for 2^32 seals under one key (section 8.3 of the former).
struct SealingKeys: Sendable {
    /// A key and the number by which what it sealed is told apart.
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
    init(for purpose: KeyRing.Purpose, secretKey: Secret, previous: Secret?) {
        current = Key(purpose, from: secretKey)
        self.previous = previous.map { Key(purpose, from: $0) }
    }

    /// The positive number of the key that seals: a fingerprint, the same in every replica.
    var version: Int32 { current.version }

    /// Seals bytes so that they open only in the same context.
    ///
    /// - Returns: nonce, ciphertext and tag.
    func seal(_ plain: [UInt8], in context: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(plain, using: current.symmetric, authenticating: Array(context.utf8))
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Opens what either key has sealed in the context; nil for anything else.
    func open(_ sealed: [UInt8], in context: String) -> [UInt8]? {
        Self.open(sealed, with: current, in: context) ?? previous.flatMap { Self.open(sealed, with: $0, in: context) }
    }

    /// Opens what the key of that version has sealed in the context; nil for anything else.
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
