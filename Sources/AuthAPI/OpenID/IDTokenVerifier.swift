import Crypto
import FoundationEssentials
import JWTKit
import Shared

/// Verifies ID tokens (OpenID Connect Core, section 3.1.3.7; RFC 8725).
struct IDTokenVerifier: Sendable {
    /// The keys that sign ID tokens.
    enum Signature: Sendable {
        /// Keys that the provider publishes.
        case publishedKeys(CachedDocument<SigningKeys>)
        /// HS256 with the client secret only: for LINE's web login, whose discovery document lists ES256
        /// (LINE, "Get profile information from ID tokens", "Header").
        case clientSecret(Secret)
    }

    /// The expected values of a token, besides the keys.
    struct Expectation: Sendable {
        let nonce: Secret
        /// The access token that came with it.
        let accessToken: Secret
    }

    /// The maximum size of a token in bytes; Google's have about 1200, those with the user's groups many thousands.
    static let maximumLength = 64 * 1024
    /// The tolerated difference between the provider's clock and this server's, in seconds.
    static let clockLeeway: TimeInterval = 60
    /// The maximum age of a token in seconds: its nonce belongs to a flow, which is valid for 10 minutes.
    static let maximumAge: TimeInterval = 600

    /// The accepted issuers: one, for Google in two spellings.
    let issuers: [String]
    let clientID: String
    let signature: Signature
    let now: @Sendable () -> Date

    /// The claims of a valid token.
    ///
    /// - Throws: ``ProviderError``; `clock_skew` when only the times are wrong.
    func claims(of token: Secret, expecting expected: Expectation) async throws(ProviderError) -> IDTokenClaims {
        guard token.value.utf8.count <= Self.maximumLength else {
            throw ProviderError(.providerError, "the ID token is too long")
        }
        let header = try header(of: token)
        let claims: IDTokenClaims
        switch signature {
        case .publishedKeys(let keys):
            guard let algorithm = SigningKeys.Algorithm(exactly: header.alg) else { throw Self.unacceptable }
            claims = try await signedClaims(of: token, named: header.kid, by: algorithm, in: keys)
            try checkIdentity(of: claims, algorithm.digest, expected)
        case .clientSecret(let secret):
            guard header.alg.isExactly("HS256") else { throw Self.unacceptable }
            claims = try await Self.claims(of: token, signedWith: secret)
            try checkIdentity(of: claims, .sha256, expected)
        }
        try checkTimes(of: claims)
        return claims
    }

    /// Checks that the user signed in after a flow started (OpenID Connect Core, section 3.1.2.1, `max_age`).
    ///
    /// - Throws: ``ProviderError`` with `not_reauthenticated`, including when the token does not contain the time.
    func check(_ authenticatedAt: Date?, since start: Date) throws(ProviderError) {
        guard let time = authenticatedAt, time >= start.addingTimeInterval(-Self.clockLeeway),
            time <= now().addingTimeInterval(Self.clockLeeway)
        else {
            throw ProviderError(
                .notReauthenticated,
                "the ID token does not confirm a recent sign-in (auth_time)"
            )
        }
    }

    /// The header parameters that are used (RFC 7515, section 4.1).
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
            // Bounded, because the library hashes it.
            header.kid?.utf8.count ?? 0 <= 256
        else { throw ProviderError(.providerError, "the ID token is not a signed token") }
        // RFC 7515, section 4.1.11: a critical parameter that is not supported makes the token invalid.
        guard header.crit == nil else {
            throw ProviderError(.providerError, "the ID token requires an unknown extension")
        }
        return header
    }

    private static let unacceptable = ProviderError(
        .providerError,
        "the ID token is signed with an algorithm that is not accepted"
    )

    /// The claims of a token that one of the provider's published keys has signed; keys in the token, or that it points to,
    /// are never used.
    private func signedClaims(
        of token: Secret,
        named id: String?,
        by algorithm: SigningKeys.Algorithm,
        in keys: CachedDocument<SigningKeys>
    ) async throws(ProviderError) -> IDTokenClaims {
        let held = try await keys.document().keys(named: id, for: algorithm)
        if let claims = try await Self.claims(of: token, signedBy: held.map(\.verifier)) { return claims }
        // OpenID Connect Core, section 10.1.1: the provider may have rotated its keys, with a new key ID or the same.
        let newer = try await keys.newerDocument().keys(named: id, for: algorithm)
        if let claims = try await Self.claims(of: token, signedBy: newer.map(\.verifier)) { return claims }
        guard newer.isEmpty else {
            throw ProviderError(.providerError, "the signature of the ID token is invalid")
        }
        throw ProviderError(.providerError, "the ID token is signed with a key that the provider does not publish")
    }

    /// The claims of a token signed with the client secret.
    private static func claims(of token: Secret, signedWith secret: Secret) async throws(ProviderError) -> IDTokenClaims
    {
        let verifier = JWTKeyCollection()
        await verifier.add(hmac: HMACKey(from: Array(secret.value.utf8)), digestAlgorithm: .sha256)
        guard let claims = try await claims(of: token, signedBy: [verifier]) else {
            throw ProviderError(.providerError, "the signature of the ID token is invalid")
        }
        return claims
    }

    /// The claims; nil when none of the keys has signed them.
    private static func claims(
        of token: Secret,
        signedBy keys: [JWTKeyCollection]
    ) async throws(ProviderError) -> IDTokenClaims? {
        for key in keys {
            do {
                return try await key.verify(token.value, as: IDTokenClaims.self)
            } catch let error as JWTError where error.errorType == .malformedToken {
                // The signature is checked before the claims are read.
                throw ProviderError(.providerError, "the ID token lacks a claim, or has one of another type")
            } catch {
                continue
            }
        }
        return nil
    }

    private func checkIdentity(
        of claims: IDTokenClaims,
        _ digest: DigestAlgorithm,
        _ expected: Expectation
    ) throws(ProviderError) {
        // Byte by byte: the value in a token has any length and script.
        guard issuers.contains(where: { $0.isExactly(claims.issuer) }) else {
            throw .mismatch(
                "the ID token is from another issuer",
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
        guard let nonce = claims.nonce else {
            throw ProviderError(.providerError, "the ID token has no nonce; the request had one")
        }
        // Digests are compared in constant time.
        guard SHA256.hash(data: Array(nonce.utf8)) == SHA256.hash(data: Array(expected.nonce.value.utf8)) else {
            throw ProviderError(.providerError, "the ID token's nonce is not that of the flow")
        }
        // Section 2: at most 255 ASCII characters.
        guard let subject = claims.subject, (1...255).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw ProviderError(.providerError, "the ID token has no valid subject") }
        if let hash = claims.accessTokenHash {
            guard Base64URL.encode(Self.halfHash(of: expected.accessToken, digest)).isExactly(hash) else {
                throw ProviderError(.providerError, "the ID token belongs to another access token")
            }
        }
    }

    /// Section 3.1.3.8: the left half of the digest.
    private static func halfHash(of token: Secret, _ digest: DigestAlgorithm) -> [UInt8] {
        let bytes = Array(token.value.utf8)
        let hash =
            switch digest {
            case .sha384: Array(SHA384.hash(data: bytes))
            case .sha512: Array(SHA512.hash(data: bytes))
            default: Array(SHA256.hash(data: bytes))
            }
        return Array(hash.prefix(hash.count / 2))
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
