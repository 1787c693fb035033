import Crypto
import CryptoExtras
import Foundation

@testable import AuthAPI

/// An ID token before it is signed, which a test can change.
struct MockToken {
    /// The signing key.
    enum Signing {
        /// The provider's RSA key, RS256.
        case key
        /// The provider's key on the curve P-256, ES256.
        case curveKey
        /// The provider's RSA key, PS256.
        case keyWithPSS
        /// An Ed25519 key, which the provider publishes only if the test requires it.
        case edwardsKey
        /// An RSA key that the provider does not publish.
        case otherKey
        /// HS256 with these bytes.
        case hmac(Data)
        /// Nothing: the signature is empty.
        case none
    }

    static let keyID = "mock-1"
    static let curveKeyID = "mock-curve"

    var header: [String: Any] = ["alg": "RS256", "typ": "JWT", "kid": Self.keyID]
    var claims: [String: Any]
    var signing = Signing.key

    init(claims: [String: Any]) { self.claims = claims }

    /// The token.
    var text: String {
        let input = "\(Self.part(header)).\(Self.part(claims))"
        return "\(input).\(Base64URL.encode(signature(of: Data(input.utf8))))"
    }

    /// The provider's public key as a JWK.
    static var publicKey: [String: Any] { publicKey(named: keyID, key) }

    /// An RSA key as a JWK.
    static func publicKey(named id: String, _ key: _RSA.Signing.PrivateKey?) -> [String: Any] {
        guard let numbers = try? key?.publicKey.getKeyPrimitives() else { return [:] }
        return [
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": Base64URL.encode(numbers.modulus),
            "e": Base64URL.encode(numbers.publicExponent),
        ]
    }

    /// The provider's public key on the curve as a JWK.
    static var publicCurveKey: [String: Any] {
        let point = curveKey.publicKey.rawRepresentation
        return [
            "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": curveKeyID,
            "x": Base64URL.encode(point.prefix(32)), "y": Base64URL.encode(point.suffix(32)),
        ]
    }

    /// The Ed25519 key as a JWK (RFC 8037).
    static var publicEdwardsKey: [String: Any] {
        [
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "edwards",
            "x": Base64URL.encode(edwardsKey.publicKey.rawRepresentation),
        ]
    }

    /// The provider's key, created for the first test that needs it.
    static let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
    /// A key of another provider.
    static let otherKey = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
    private static let curveKey = P256.Signing.PrivateKey()
    private static let edwardsKey = Curve25519.Signing.PrivateKey()

    private func signature(of input: Data) -> Data {
        switch signing {
        case .key: Self.sign(input, with: Self.key)
        case .keyWithPSS: Self.sign(input, with: Self.key, padding: .PSS)
        case .edwardsKey: (try? Self.edwardsKey.signature(for: input)) ?? Data()
        case .otherKey: Self.sign(input, with: Self.otherKey)
        case .curveKey: (try? Self.curveKey.signature(for: input).rawRepresentation) ?? Data()
        case .hmac(let secret): Data(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
        case .none: Data()
        }
    }

    private static func sign(
        _ input: Data,
        with key: _RSA.Signing.PrivateKey?,
        padding: _RSA.Signing.Padding = .insecurePKCS1v1_5
    ) -> Data {
        let signature = try? key?.signature(for: SHA256.hash(data: input), padding: padding)
        return signature?.rawRepresentation ?? Data()
    }

    private static func part(_ object: [String: Any]) -> String {
        Base64URL.encode((try? JSONSerialization.data(withJSONObject: object)) ?? Data())
    }
}
