import Crypto
import FoundationEssentials
import JWTKit
import Shared

/// Checks ID tokens (OpenID Connect Core, section 3.1.3.7; RFC 8725).
struct IDTokenVerifier: Sendable {
    /// What a token is checked against besides the keys.
    struct Expectation: Sendable {
        let nonce: Secret
        /// The access token that came with it.
        let accessToken: Secret
    }

    /// The most bytes of a token that are looked at; Google's have about 1200.
    static let maximumLength = 16 * 1024
    /// How far, in seconds, the provider's clock may be from this server's.
    static let clockLeeway: TimeInterval = 60
    /// How long, in seconds, before now a token can have been issued: its nonce is that of a flow, which lives 10 minutes.
    static let maximumAge: TimeInterval = 600

    /// The issuers whose tokens are taken: one, for Google in two spellings.
    let issuers: [String]
    let clientID: String
    let keys: CachedDocument<SigningKeys>
    let now: @Sendable () -> Date

    /// The claims of a good token.
    ///
    /// - Throws: ``ProviderError``; `clock_skew` when nothing but the times is wrong.
    func claims(of token: Secret, expecting expected: Expectation) async throws(ProviderError) -> IDTokenClaims {
        guard token.value.utf8.count <= Self.maximumLength else {
            throw ProviderError(.providerError, "the ID token is too long")
        }
        let key = try await key(for: header(of: token))
        let claims: IDTokenClaims
        do {
            claims = try await key.verifier.verify(token.value, as: IDTokenClaims.self)
        } catch let error as JWTError where error.errorType == .malformedToken {
            // The signature is checked before the claims are read.
            throw ProviderError(.providerError, "the ID token lacks a claim, or has one of another type")
        } catch {
            throw ProviderError(.providerError, "the signature of the ID token is invalid")
        }
        try checkIdentity(of: claims, expected)
        try checkTimes(of: claims)
        return claims
    }

    /// Checks that a person signed in at the provider since a flow began (OpenID Connect Core, section 3.1.2.1, `max_age`).
    ///
    /// - Throws: ``ProviderError`` with `not_reauthenticated`, also when the token does not say.
    func check(_ authenticatedAt: Date?, since start: Date) throws(ProviderError) {
        guard let time = authenticatedAt, time >= start.addingTimeInterval(-Self.clockLeeway),
            time <= now().addingTimeInterval(Self.clockLeeway)
        else {
            throw ProviderError(
                .notReauthenticated,
                "the ID token does not say that the person just signed in (auth_time)"
            )
        }
    }

    /// The part of the header that decides (RFC 7515, section 4.1).
    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let crit: [String]?
    }

    private func header(of token: Secret) throws(ProviderError) -> Header {
        let parts = token.value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        guard parts.count == 3, parts.allSatisfy({ Base64URL.decode($0) != nil }),
            let json = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let scan = JSONKeyScan(json), scan.longest <= 256,
            let payloadScan = JSONKeyScan(payload), payloadScan.longest <= 256,
            let header = try? JSONDecoder().decode(Header.self, from: Data(json)),
            // The library hashes it.
            header.kid?.utf8.count ?? 0 <= 256
        else { throw ProviderError(.providerError, "the ID token is not a signed token") }
        // RFC 7515, section 4.1.11: what must be understood and is not makes the token invalid.
        guard header.crit == nil else {
            throw ProviderError(.providerError, "the ID token requires an unknown extension")
        }
        return header
    }

    /// The provider's own key of that name: nothing that the token itself brings along or points to is ever used.
    private func key(for header: Header) async throws(ProviderError) -> SigningKeys.Key {
        guard let algorithm = SigningKeys.Algorithm(exactly: header.alg) else {
            throw ProviderError(.providerError, "the ID token is signed with an algorithm that is not accepted")
        }
        if let key = try await keys.document().key(named: header.kid, for: algorithm) { return key }
        // OpenID Connect Core, section 10.1.1: a name that is new means that the provider changed its keys.
        if let key = try await keys.newerDocument().key(named: header.kid, for: algorithm) { return key }
        throw ProviderError(.providerError, "the ID token is signed with a key that the provider does not publish")
    }

    private func checkIdentity(of claims: IDTokenClaims, _ expected: Expectation) throws(ProviderError) {
        // Byte by byte: what a token says is of any length and any script.
        guard issuers.contains(where: { $0.isExactly(claims.issuer) }) else {
            throw .mismatch(
                "the ID token is of another issuer",
                expected: issuers.joined(separator: " or "),
                received: claims.issuer
            )
        }
        guard claims.audience.contains(where: { $0.isExactly(clientID) }) else {
            throw .mismatch(
                "the ID token is for another client",
                expected: clientID,
                received: claims.audience.prefix(4).joined(separator: " ")
            )
        }
        guard claims.audience.count == 1 || claims.authorizedParty != nil else {
            throw ProviderError(
                .providerError,
                "the ID token has several audiences and no authorized party"
            )
        }
        if let authorizedParty = claims.authorizedParty, !authorizedParty.isExactly(clientID) {
            throw .mismatch(
                "the ID token is for another client",
                expected: clientID,
                received: authorizedParty
            )
        }
        // Digests are compared in constant time.
        guard let nonce = claims.nonce,
            SHA256.hash(data: Array(nonce.utf8)) == SHA256.hash(data: Array(expected.nonce.value.utf8))
        else { throw ProviderError(.providerError, "the ID token's nonce is not that of the flow") }
        // Section 2: at most 255 ASCII characters.
        guard let subject = claims.subject, (1...255).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw ProviderError(.providerError, "the ID token has no valid subject") }
        // Section 3.1.3.8: the left half of the digest that belongs to the signature's algorithm, SHA-256 for both.
        if let hash = claims.accessTokenHash {
            let digest = SHA256.hash(data: Array(expected.accessToken.value.utf8))
            guard Base64URL.encode(digest.prefix(16)).isExactly(hash) else {
                throw ProviderError(.providerError, "the ID token belongs to another access token")
            }
        }
    }

    private func checkTimes(of claims: IDTokenClaims) throws(ProviderError) {
        let seconds = now().timeIntervalSince1970
        guard claims.issuedAt <= seconds + Self.clockLeeway else {
            throw ProviderError(.clockSkew, "the ID token is issued in the future: compare this server's clock")
        }
        guard claims.issuedAt >= seconds - Self.maximumAge - Self.clockLeeway else {
            throw ProviderError(.clockSkew, "the ID token is older than the flow: compare this server's clock")
        }
        // RFC 7519, section 4.1.5.
        guard claims.notBefore.map({ $0 <= seconds + Self.clockLeeway }) ?? true else {
            throw ProviderError(.clockSkew, "the ID token is not valid yet (nbf): compare this server's clock")
        }
        guard claims.expiry > seconds - Self.clockLeeway else {
            throw ProviderError(.clockSkew, "the ID token has expired: compare this server's clock")
        }
    }
}
