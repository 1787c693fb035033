import Crypto
import FoundationEssentials
import JWTKit
import Shared

/// What a token says (RFC 7519).
struct TokenClaims: JWTPayload, Equatable {
    /// The user's UUID.
    let sub: String
    /// The user's address when the token was made.
    let email: String
    /// The session's UUID.
    let jti: String
    /// Who made it: the site's address.
    let iss: String
    /// For whom: always ``TokenIssuer/audience``.
    let aud: String
    /// When it was made, in seconds since 1970.
    let iat: Int
    /// When it ends, in seconds since 1970.
    let exp: Int
    /// Before when it must not be taken, in seconds since 1970; ours have none.
    var nbf: Int?

    /// Nothing: ``TokenIssuer`` checks the claims against its own clock.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// Makes and checks tokens: JWT, HS256 and nothing else, with `SECRET_KEY`.
///
/// The key in use before (`SECRET_KEY_PREVIOUS`) still checks tokens, so that a rotation signs nobody out; which key a
/// token needs is told by its `kid`, a fingerprint of the key.
struct TokenIssuer: Sendable {
    /// Whom the tokens are for.
    static let audience = "yoshikosan"
    /// How long a token lives, in seconds: 7 days.
    static let lifetime = 7 * 24 * 60 * 60
    /// The most bytes of a token that is looked at; ours have about 500.
    static let maximumLength = 4096

    /// The most bytes of its first part; ours have about 80.
    private static let maximumHeaderLength = 256

    private let keys: JWTKeyCollection
    private let currentKey: JWKIdentifier
    private let issuer: String
    private let verified = VerifiedTokens()

    /// Makes an issuer.
    ///
    /// - Parameters:
    ///   - key: signs and checks.
    ///   - previousKey: checks only.
    ///   - issuer: the site's address.
    init(key: Secret, previousKey: Secret?, issuer: WebOrigin) async {
        self.issuer = issuer.description
        keys = JWTKeyCollection()
        currentKey = JWKIdentifier(string: KeyRing.tokenKeyID(of: key))
        await keys.add(hmac: HMACKey(from: key.value), digestAlgorithm: .sha256, kid: currentKey)
        if let previousKey {
            await keys.add(
                hmac: HMACKey(from: previousKey.value),
                digestAlgorithm: .sha256,
                kid: JWKIdentifier(string: KeyRing.tokenKeyID(of: previousKey))
            )
        }
    }

    /// Makes the token of a session.
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

    /// Whether a token that was checked before is valid at the given time; nil for one that was not, or is forgotten.
    func isKnownValid(_ hash: TokenHash, at now: Date) -> Bool? {
        verified[hash]?.contains(Int(now.timeIntervalSince1970))
    }

    /// Tells whether a text is a token of this issuer that is valid at the given time; why it is not is not told.
    ///
    /// When it was issued does not matter (RFC 7519, section 4.1.6, gives it no such meaning): else a clock that was ahead
    /// and is put right would sign people out.
    ///
    /// - Parameters:
    ///   - token: the text.
    ///   - hash: that of the same text.
    ///   - now: the time.
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

    /// Whether the header is as short as ours and names no key in other characters than ours: the library hashes what an
    /// unchecked header says.
    private static func hasPlainHeader(_ token: Secret) -> Bool {
        let header = token.value.utf8.prefix { $0 != UInt8(ascii: ".") }
        guard header.count <= maximumHeaderLength, let json = Base64URL.decode(Substring(header)) else { return false }
        return json.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }
}
