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
        /// The provider's key for this algorithm. It publishes those for RS256 and ES256, others only if the test requires it.
        case algorithm(SigningKeys.Algorithm)
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

    private let accessToken: Data

    init(claims: [String: Any], accessToken: String) {
        self.claims = claims
        self.accessToken = Data(accessToken.utf8)
        self.claims["at_hash"] = Base64URL.encode(SHA256.hash(data: self.accessToken).prefix(16))
    }

    /// Signs it by another algorithm with a key of that name (OpenID Connect Core, section 3.1.3.8, for `at_hash`).
    mutating func sign(by algorithm: SigningKeys.Algorithm, keyID: String) {
        header["alg"] = algorithm.rawValue
        header["kid"] = keyID
        signing = .algorithm(algorithm)
        let digest: [UInt8] =
            switch algorithm {
            case .rs256, .ps256, .es256: Array(SHA256.hash(data: accessToken))
            case .rs384, .ps384, .es384: Array(SHA384.hash(data: accessToken))
            case .rs512, .ps512, .es512, .edDSA: Array(SHA512.hash(data: accessToken))
            }
        claims["at_hash"] = Base64URL.encode(digest.prefix(digest.count / 2))
    }

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

    /// The provider's public key for an algorithm as a JWK (RFC 7518, section 6; RFC 8037, section 2).
    static func publicKey(for algorithm: SigningKeys.Algorithm) -> [String: Any] {
        switch algorithm {
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: publicKey.merging(["alg": algorithm.rawValue]) { $1 }
        case .es256: curveKey(algorithm, "P-256", p256.publicKey.rawRepresentation)
        case .es384: curveKey(algorithm, "P-384", p384.publicKey.rawRepresentation)
        case .es512: curveKey(algorithm, "P-521", p521.publicKey.rawRepresentation)
        case .edDSA:
            [
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": curveKeyID,
                "x": Base64URL.encode(edwardsKey.publicKey.rawRepresentation),
            ]
        }
    }

    private static func curveKey(_ algorithm: SigningKeys.Algorithm, _ curve: String, _ point: Data) -> [String: Any] {
        [
            "kty": "EC", "use": "sig", "alg": algorithm.rawValue, "crv": curve, "kid": curveKeyID,
            "x": Base64URL.encode(point.prefix(point.count / 2)), "y": Base64URL.encode(point.suffix(point.count / 2)),
        ]
    }

    /// The provider's key, created for the first test that needs it.
    static let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
    /// A key of another provider.
    static let otherKey = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
    private static let p256 = P256.Signing.PrivateKey()
    private static let p384 = P384.Signing.PrivateKey()
    private static let p521 = P521.Signing.PrivateKey()
    private static let edwardsKey = Curve25519.Signing.PrivateKey()

    private func signature(of input: Data) -> Data {
        switch signing {
        case .key: Self.sign(input, by: .rs256)
        case .algorithm(let algorithm): Self.sign(input, by: algorithm)
        case .otherKey: Self.sign(SHA256.hash(data: input), with: Self.otherKey)
        case .hmac(let secret): Data(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: secret)))
        case .none: Data()
        }
    }

    private static func sign(_ input: Data, by algorithm: SigningKeys.Algorithm) -> Data {
        switch algorithm {
        case .rs256: sign(SHA256.hash(data: input), with: key)
        case .rs384: sign(SHA384.hash(data: input), with: key)
        case .rs512: sign(SHA512.hash(data: input), with: key)
        case .ps256: sign(SHA256.hash(data: input), with: key, padding: .PSS)
        case .ps384: sign(SHA384.hash(data: input), with: key, padding: .PSS)
        case .ps512: sign(SHA512.hash(data: input), with: key, padding: .PSS)
        case .es256: (try? p256.signature(for: input).rawRepresentation) ?? Data()
        case .es384: (try? p384.signature(for: input).rawRepresentation) ?? Data()
        case .es512: (try? p521.signature(for: input).rawRepresentation) ?? Data()
        case .edDSA: (try? edwardsKey.signature(for: input)) ?? Data()
        }
    }

    private static func sign(
        _ digest: some Digest,
        with key: _RSA.Signing.PrivateKey?,
        padding: _RSA.Signing.Padding = .insecurePKCS1v1_5
    ) -> Data {
        (try? key?.signature(for: digest, padding: padding).rawRepresentation) ?? Data()
    }

    private static func part(_ object: [String: Any]) -> String {
        Base64URL.encode((try? JSONSerialization.data(withJSONObject: object)) ?? Data())
    }
}
