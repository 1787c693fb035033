import Crypto
import FoundationEssentials
import JWTKit
import Shared

/// The claims of a token (RFC 7519).
struct TokenClaims: JWTPayload, Equatable {
    /// The user's UUID.
    let sub: String
    /// The user's email address when the token was issued.
    let email: String
    /// The session's UUID.
    let jti: String
    /// The issuer: the URL of the site.
    let iss: String
    /// The audience: always ``TokenIssuer/audience``.
    let aud: String
    /// When it was issued, in seconds since 1970.
    let iat: Int
    /// When it expires, in seconds since 1970.
    let exp: Int
    /// When it becomes valid, in seconds since 1970; our tokens have no such claim.
    var nbf: Int?

    /// Does nothing: ``TokenIssuer`` checks the claims with its own clock.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// Issues and verifies tokens: JWT with HS256 only, with `SECRET_KEY`.
///
/// The previous key (`SECRET_KEY_PREVIOUS`) still verifies tokens, so that a rotation does not sign users out. The `kid` of
/// a token, a fingerprint of the key, selects the key.
struct TokenIssuer: Sendable {
    /// The audience of the tokens.
    static let audience = "yoshikosan"
    /// The lifetime of a token in seconds: 7 days.
    static let lifetime = 7 * 24 * 60 * 60
    /// The maximum length of a token in bytes; ours have about 500.
    static let maximumLength = 4096

    /// The maximum length of its header in bytes; ours have about 80.
    private static let maximumHeaderLength = 256

    private let keys: JWTKeyCollection
    private let currentKey: JWKIdentifier
    private let issuer: String
    private let verified = VerifiedTokens()

    /// Creates an issuer.
    ///
    /// - Parameters:
    ///   - secrets: the current key signs and verifies, the previous one only verifies.
    ///   - issuer: the URL of the site.
    init(_ secrets: SecretKeys, issuer: WebOrigin) async {
        self.issuer = issuer.description
        keys = JWTKeyCollection()
        currentKey = JWKIdentifier(string: KeyRing.tokenKeyID(of: secrets.current))
        await keys.add(hmac: HMACKey(from: secrets.current.value), digestAlgorithm: .sha256, kid: currentKey)
        if let previous = secrets.previous {
            await keys.add(
                hmac: HMACKey(from: previous.value),
                digestAlgorithm: .sha256,
                kid: JWKIdentifier(string: KeyRing.tokenKeyID(of: previous))
            )
        }
    }

    /// Issues the token of a session.
    func token(for user: User, session: SessionID, createdAt: Date) async throws -> Secret {
        let issued = Int(createdAt.timeIntervalSince1970)
        let claims = TokenClaims(
            sub: user.id.lowercaseText,
            email: user.email,
            jti: session.lowercaseText,
            iss: issuer,
            aud: Self.audience,
            iat: issued,
            exp: issued + Self.lifetime
        )
        return Secret(try await keys.sign(claims, kid: currentKey))
    }

    /// Whether a token with a cached verification is valid at the given time; nil when it is not in the cache.
    func isKnownValid(_ hash: TokenHash, at now: Date) -> Bool? {
        verified[hash]?.contains(Int(now.timeIntervalSince1970))
    }

    /// Whether a text is a token of this issuer that is valid at the given time.
    ///
    /// The time of issue is not checked (RFC 7519, section 4.1.6, does not require it): otherwise correcting a clock
    /// that was ahead would sign users out.
    ///
    /// - Parameters:
    ///   - token: the text.
    ///   - hash: the hash of the text.
    ///   - now: the current time.
    /// - Returns: whether it is valid.
    func isValid(_ token: Secret, hash: TokenHash, at now: Date) async -> Bool {
        if let known = isKnownValid(hash, at: now) { return known }
        let seconds = Int(now.timeIntervalSince1970)
        guard token.value.utf8.count <= Self.maximumLength, Self.hasPlainHeader(token),
            let claims = try? await keys.verify(token.value, as: TokenClaims.self),
            claims.iss == issuer, claims.aud == Self.audience
        else { return false }
        let validity = TokenValidity(begins: claims.nbf ?? .min, ends: claims.exp)
        guard validity.contains(seconds) else { return false }
        verified[hash] = validity
        return true
    }

    /// Whether the header is as short as ours and its key ID has the characters of ours: the library hashes values of
    /// the unverified header.
    private static func hasPlainHeader(_ token: Secret) -> Bool {
        let header = token.value.utf8.prefix { $0 != UInt8(ascii: ".") }
        guard header.count <= maximumHeaderLength, let json = Base64URL.decode(Substring(header)) else { return false }
        return json.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }
}
