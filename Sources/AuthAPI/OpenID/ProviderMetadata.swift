import Shared

/// What an OpenID provider says about itself (OpenID Connect Discovery 1.0, section 3), checked.
struct ProviderMetadata: Sendable {
    /// The JSON as it comes; what this client has no use for is left out, and what it can do without may be of any type.
    struct Document: Decodable {
        let issuer: String
        let authorizationEndpoint: String
        let tokenEndpoint: String
        let keySetAddress: String
        let revocationEndpoint: String?
        let tokenAuthentications: [String]?
        let namesIssuer: Bool?

        private enum CodingKeys: String, CodingKey {
            case issuer
            case authorizationEndpoint = "authorization_endpoint"
            case tokenEndpoint = "token_endpoint"
            case keySetAddress = "jwks_uri"
            case revocationEndpoint = "revocation_endpoint"
            case tokenAuthentications = "token_endpoint_auth_methods_supported"
            case namesIssuer = "authorization_response_iss_parameter_supported"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            issuer = try container.decode(String.self, forKey: .issuer)
            authorizationEndpoint = try container.decode(String.self, forKey: .authorizationEndpoint)
            tokenEndpoint = try container.decode(String.self, forKey: .tokenEndpoint)
            keySetAddress = try container.decode(String.self, forKey: .keySetAddress)
            revocationEndpoint = try? container.decode(String.self, forKey: .revocationEndpoint)
            tokenAuthentications = try? container.decode([String].self, forKey: .tokenAuthentications)
            namesIssuer = try? container.decode(Bool.self, forKey: .namesIssuer)
        }
    }

    let authorizationEndpoint: ProviderAddress
    let tokenEndpoint: ProviderAddress
    let keySetAddress: ProviderAddress
    /// Where tokens are revoked (RFC 8414, section 2); nil when there is none, or it must not be asked.
    let revocationEndpoint: ProviderAddress?
    /// What Google documents, where the provider takes it; else what every provider must take (RFC 6749, section 2.3.1).
    let tokenAuthentication: CodeExchange.Authentication
    /// Whether an answer without `iss` is to be refused (RFC 9207, section 2.4).
    let namesIssuer: Bool

    /// Checks a document.
    ///
    /// - Throws: ``ProviderError`` when it is not this issuer's (section 4.3: the issuer must be exactly the same), or
    ///   leads to addresses that must not be asked.
    init(_ document: Document, issuer: ProviderAddress) throws(ProviderError) {
        guard document.issuer.utf8.elementsEqual(issuer.description.utf8) else {
            throw .mismatch(
                "the discovery document is that of another issuer",
                expected: issuer.description,
                received: document.issuer
            )
        }
        guard let authorization = issuer.endpoint(document.authorizationEndpoint),
            let token = issuer.endpoint(document.tokenEndpoint), let keys = issuer.endpoint(document.keySetAddress)
        else {
            throw ProviderError(.providerError, "the discovery document contains an address that is not allowed")
        }
        authorizationEndpoint = authorization
        tokenEndpoint = token
        keySetAddress = keys
        revocationEndpoint = document.revocationEndpoint.flatMap { issuer.endpoint($0) }
        tokenAuthentication =
            document.tokenAuthentications?.contains { $0.isExactly("client_secret_post") } == true
            ? .post : .basic
        namesIssuer = document.namesIssuer ?? false
    }
}
