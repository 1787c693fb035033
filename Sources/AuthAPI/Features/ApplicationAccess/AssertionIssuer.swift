import Crypto
import FoundationEssentials
import HTTPTypes
import JWTKit
import Shared

/// The claims of an assertion about the user of one request (RFC 7519; names of OpenID Connect Core, section 5.1).
struct AssertionClaims: JWTPayload, Equatable {
    let iss: String
    let aud: String
    let sub: String
    let email: String
    let emailVerified: Bool
    let name: String
    /// The session.
    let sid: String
    let iat: Int
    let exp: Int

    enum CodingKeys: String, CodingKey {
        case iss, aud, sub, email, name, sid, iat, exp
        case emailVerified = "email_verified"
    }

    /// Does nothing: this program issues assertions and verifies none.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// Signs assertions of a request's user, for applications that cannot trust the network between nginx and them.
///
/// ES256 with a key derived from `SECRET_KEY`, so that it rotates with that key; the key of `SECRET_KEY_PREVIOUS` stays
/// published while that is set.
struct AssertionIssuer: Sendable {
    /// The lifetime of an assertion in seconds: it is for one request.
    static let lifetime = 60

    /// The public keys as a JWK set (RFC 7517, section 5).
    let keySet: JWKSet

    private let keys = JWTKeyCollection()
    private let currentKey: JWKIdentifier
    private let issuer: String
    private let audience: String

    /// Creates the issuer.
    ///
    /// - Parameters:
    ///   - secrets: the secrets that the keys are derived from.
    ///   - issuer: the URL of the site, `iss`.
    ///   - audience: the URL of the application, `aud`.
    /// - Throws: when no key can be derived.
    init(_ secrets: SecretKeys, issuer: WebOrigin, audience: String) async throws {
        let signing = try KeyRing.assertionKey(from: secrets.current)
        let published = try [signing] + (secrets.previous.map { [try KeyRing.assertionKey(from: $0)] } ?? [])
        keySet = JWKSet(keys: published.map { JWKSet.Key($0.publicKey) })
        currentKey = JWKIdentifier(string: keySet.keys[0].kid)
        self.issuer = issuer.description
        self.audience = audience
        let signer = try ES256PrivateKey(backing: signing)
        await keys.add(ecdsa: signer, kid: currentKey)
    }

    /// The assertion for one request of a user.
    func assertion(of signedIn: SignedIn, at now: Date) async throws -> String {
        let issued = Int(now.timeIntervalSince1970)
        let claims = AssertionClaims(
            iss: issuer,
            aud: audience,
            sub: signedIn.user.id.lowercaseText,
            email: signedIn.user.email,
            emailVerified: signedIn.isEmailVerified,
            name: signedIn.user.name,
            sid: signedIn.sessionID.lowercaseText,
            iat: issued,
            exp: issued + Self.lifetime
        )
        return try await keys.sign(claims, kid: currentKey)
    }
}

/// The public keys for verifying assertions.
struct JWKSet: Encodable, Sendable {
    /// An elliptic-curve key (RFC 7518, section 6.2.1).
    struct Key: Encodable, Sendable {
        let kty = "EC"
        let crv = "P-256"
        let alg = "ES256"
        let use = "sig"
        let kid: String
        let x: String
        let y: String

        /// Creates the description of a key; its ID is a hash of it.
        init(_ key: P256.Signing.PublicKey) {
            // The byte 4, then both coordinates of 32 bytes (SEC 1, section 2.3.3).
            let point = Array(key.x963Representation)
            kid = Base64URL.encode(Array(SHA256.hash(data: point).prefix(12)))
            x = Base64URL.encode(Array(point[1..<33]))
            y = Base64URL.encode(Array(point[33..<65]))
        }
    }

    let keys: [Key]
}

extension HTTPField.Name {
    /// The signed assertion.
    static let assertion = HTTPField.Name(validated: "X-Auth-Assertion")
}
