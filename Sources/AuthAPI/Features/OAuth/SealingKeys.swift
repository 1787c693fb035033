import Crypto
import FoundationEssentials
import Shared

/// What is sealed; each purpose has a key of its own, so that nothing made for one can be passed off as another.
enum SealingPurpose: String, Sendable {
    case flowCookie = "yoshikosan oauth flow cookie"
    case connectCookie = "yoshikosan oauth connect cookie"
    case linkTicket = "yoshikosan oauth link ticket"
    case deviceCookie = "yoshikosan device cookie"
    case providerTokens = "yoshikosan provider tokens"
}

/// Authenticated encryption with AES-256-GCM (NIST SP 800-38D), under keys that HKDF-SHA256 (RFC 5869) derives from
/// `SECRET_KEY`, and from `SECRET_KEY_PREVIOUS` for what was sealed before a rotation.
///
/// Nonces are random, which is good for 2^32 seals under one key (section 8.3 of the former).
struct SealingKeys: Sendable {
    /// A key and the number by which what it sealed is told apart.
    private struct Key: Sendable {
        let symmetric: SymmetricKey
        let version: Int32

        init(_ purpose: SealingPurpose, from secret: Secret) {
            let material = SymmetricKey(data: Array(secret.value.utf8))
            symmetric = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material,
                info: Array(purpose.rawValue.utf8),
                outputByteCount: 32
            )
            let fingerprint = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material,
                info: Array("\(purpose.rawValue) version".utf8),
                outputByteCount: 4
            )
            let number = unsafe fingerprint.withUnsafeBytes { unsafe $0.loadUnaligned(as: Int32.self) }
            version = max(1, Int32(bigEndian: number) & .max)
        }
    }

    private let current: Key
    private let previous: Key?

    /// Derives the keys of a purpose.
    init(for purpose: SealingPurpose, secretKey: Secret, previous: Secret?) {
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
