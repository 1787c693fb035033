import JWTKit

/// The claims of an ID token (OpenID Connect Core, section 2); times in seconds since 1970.
struct IDTokenClaims: JWTPayload {
    let issuer: String
    let subject: String?
    let audience: [String]
    let authorizedParty: String?
    let expiry: Double
    let issuedAt: Double
    /// The time before which the token is not valid (RFC 7519, section 4.1.5).
    let notBefore: Double?
    /// When the user signed in at the provider (OpenID Connect Core, section 2).
    let authenticatedAt: Double?
    let nonce: String?
    let accessTokenHash: String?
    /// The claims about the user.
    let profile: OpenIDProfile

    private enum CodingKeys: String, CodingKey {
        case issuer = "iss"
        case subject = "sub"
        case audience = "aud"
        case authorizedParty = "azp"
        case expiry = "exp"
        case issuedAt = "iat"
        case notBefore = "nbf"
        case authenticatedAt = "auth_time"
        case nonce
        case accessTokenHash = "at_hash"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        issuer = try container.decode(String.self, forKey: .issuer)
        subject = try container.decodeIfPresent(String.self, forKey: .subject)
        // A single audience may be a string instead of an array (RFC 7519, section 4.1.3).
        if let single = try? container.decode(String.self, forKey: .audience) {
            audience = [single]
        } else {
            audience = try container.decode([String].self, forKey: .audience)
        }
        authorizedParty = try container.decodeIfPresent(String.self, forKey: .authorizedParty)
        expiry = try container.decode(Double.self, forKey: .expiry)
        issuedAt = try container.decode(Double.self, forKey: .issuedAt)
        notBefore = try container.decodeIfPresent(Double.self, forKey: .notBefore)
        authenticatedAt = try? container.decode(Double.self, forKey: .authenticatedAt)
        nonce = try container.decodeIfPresent(String.self, forKey: .nonce)
        accessTokenHash = try container.decodeIfPresent(String.self, forKey: .accessTokenHash)
        profile = try OpenIDProfile(from: decoder)
    }

    /// Never called: this site does not issue ID tokens.
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(self, .init(codingPath: encoder.codingPath, debugDescription: "read only"))
    }

    /// Does nothing: ``IDTokenVerifier`` checks the claims with its own clock.
    func verify(using algorithm: some JWTAlgorithm) {}
}
