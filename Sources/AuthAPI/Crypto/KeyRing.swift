import Crypto
import Shared

/// The keys derived from `SECRET_KEY` with HKDF-SHA256 (RFC 5869).
///
/// Tokens are signed with `SECRET_KEY` itself, so that it can be shared with programs that verify them.
enum KeyRing {
    /// The purpose of a key.
    ///
    /// The raw value is the label of the derivation, so that data for one purpose is not valid for another. Changing a
    /// label makes all data stored with it unreadable.
    enum Purpose: String, Sendable {
        case flowCookie = "yoshikosan oauth flow cookie"
        case pendingLinkCookie = "yoshikosan oauth connect cookie"
        case pendingAddressCookie = "yoshikosan oauth address cookie"
        case providerTicket = "yoshikosan oauth link ticket"
        case deviceCookie = "yoshikosan device cookie"
        case providerTokens = "yoshikosan provider tokens"
        case throttleKeys = "yoshikosan throttle keys"
        case recoveryCodes = "yoshikosan recovery codes"
        case applicationEntry = "yoshikosan application entry"
        case applicationSession = "yoshikosan application session"
        case inviteCodes = "yoshikosan invite codes"
    }

    /// Derives the 256-bit key of a purpose.
    static func key(for purpose: Purpose, from secret: Secret) -> SymmetricKey {
        derive(purpose.rawValue, bytes: 32, from: secret)
    }

    /// The key that signs assertions for applications (ECDSA, P-256).
    ///
    /// One in 2^32 numbers is not a valid key; then the next label is used.
    static func assertionKey(from secret: Secret) throws -> P256.Signing.PrivateKey {
        let label = "yoshikosan assertion key"
        for counter in 0..<8 {
            let number = derive(counter == 0 ? label : "\(label) \(counter)", bytes: 32, from: secret)
            let bytes = unsafe number.withUnsafeBytes { unsafe Array($0) }
            if let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) { return key }
        }
        throw APIError(.internalError)
    }

    /// The number that identifies a key of a purpose: positive, and the same in every replica.
    static func version(of purpose: Purpose, from secret: Secret) -> Int32 {
        let fingerprint = derive("\(purpose.rawValue) version", bytes: 4, from: secret)
        let number = unsafe fingerprint.withUnsafeBytes { unsafe $0.loadUnaligned(as: Int32.self) }
        return max(1, Int32(bigEndian: number) & .max)
    }

    /// The `kid` of tokens signed with the secret: 16 hexadecimal digits that reveal nothing about it.
    static func tokenKeyID(of secret: Secret) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("yoshikosan key identifier".utf8),
            using: SymmetricKey(data: Array(secret.value.utf8))
        )
        return code.prefix(8).hex
    }

    private static func derive(_ label: String, bytes: Int, from secret: Secret) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(secret.value.utf8)),
            info: Array(label.utf8),
            outputByteCount: bytes
        )
    }
}
