import Shared

/// What an OpenID provider says about itself (OpenID Connect Discovery 1.0, section 3), checked.
struct ProviderMetadata: Sendable {
    /// The JSON as it comes; what this client has no use for is left out, and what it can do without may be of any type.
    struct Document: Decodable {
        let issuer: String
        let authorizationEndpoint: String
        let tokenEndpoint: String
        let keySetAddress: String
        let userInfoEndpoint: String?
        let revocationEndpoint: String?
        let tokenAuthentications: [String]?
        let namesIssuer: Bool?

        private enum CodingKeys: String, CodingKey {
            case issuer
            case authorizationEndpoint = "authorization_endpoint"
            case tokenEndpoint = "token_endpoint"
            case keySetAddress = "jwks_uri"
            case userInfoEndpoint = "userinfo_endpoint"
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
            userInfoEndpoint = try? container.decode(String.self, forKey: .userInfoEndpoint)
            revocationEndpoint = try? container.decode(String.self, forKey: .revocationEndpoint)
            tokenAuthentications = try? container.decode([String].self, forKey: .tokenAuthentications)
            namesIssuer = try? container.decode(Bool.self, forKey: .namesIssuer)
        }
    }

    /// Where browsers are sent.
    let authorizationEndpoint: ProviderAddress
    let tokenEndpoint: ProviderAddress
    let keySetAddress: ProviderAddress
    /// Where claims about a user can be requested (OpenID Connect Core, section 5.3); nil when there is none, or it must
    /// not be asked.
    let userInfoEndpoint: ProviderAddress?
    /// Where tokens are revoked (RFC 8414, section 2); nil when there is none, or it must not be asked.
    let revocationEndpoint: ProviderAddress?
    /// How clients may authenticate at the token endpoint: what is not listed is `client_secret_basic` (OpenID Connect
    /// Discovery 1.0, section 3).
    let tokenAuthentications: [CodeExchange.Authentication]
    /// Whether an answer without `iss` is to be refused (RFC 9207, section 2.4).
    let namesIssuer: Bool

    /// Checks a document; endpoints of the issuer's origin are asked at the internal one, if there is one.
    ///
    /// - Throws: ``ProviderError`` when it is not this issuer's (section 4.3: the issuer must be exactly the same), or
    ///   leads to addresses that must not be asked.
    init(
        _ document: Document,
        issuer: ProviderAddress,
        through origin: ProviderAddress? = nil
    ) throws(ProviderError) {
        guard document.issuer.utf8.elementsEqual(issuer.description.utf8) else {
            throw .mismatch(
                document.issuer.utf8.contains(UInt8(ascii: "{"))
                    ? "the discovery document has a template as its issuer: use the address of one tenant"
                    : "the discovery document is that of another issuer",
                expected: issuer.description,
                received: document.issuer
            )
        }
        guard let authorization = issuer.endpoint(document.authorizationEndpoint),
            let token = issuer.endpoint(document.tokenEndpoint, through: origin),
            let keys = issuer.endpoint(document.keySetAddress, through: origin)
        else {
            throw ProviderError(.providerError, "the discovery document contains an address that is not allowed")
        }
        authorizationEndpoint = authorization
        tokenEndpoint = token
        keySetAddress = keys
        userInfoEndpoint = document.userInfoEndpoint.flatMap { issuer.endpoint($0, through: origin) }
        revocationEndpoint = document.revocationEndpoint.flatMap { issuer.endpoint($0, through: origin) }
        tokenAuthentications =
            document.tokenAuthentications.map { listed in
                CodeExchange.Authentication.allCases.filter { method in
                    listed.contains { $0.isExactly(method.registeredName) }
                }
            } ?? [.basic]
        namesIssuer = document.namesIssuer ?? false
    }

    /// The address of an issuer's discovery document (OpenID Connect Discovery 1.0, section 4).
    static func address(of issuer: ProviderAddress, through origin: ProviderAddress?) -> String? {
        (origin.map { issuer.moved(to: $0) } ?? issuer)?.appending("/.well-known/openid-configuration")
    }
}
