import Shared

/// The validated discovery document of an OpenID provider (OpenID Connect Discovery 1.0, section 3).
struct ProviderMetadata: Sendable {
    /// The unvalidated JSON, with only the fields that this client uses; optional ones may be of any type.
    struct Document: Decodable {
        let issuer: String
        let authorizationEndpoint: String
        let tokenEndpoint: String
        let keySetAddress: String
        @Lenient var userInfoEndpoint: String?
        @Lenient var revocationEndpoint: String?
        @Lenient var tokenAuthentications: [String]?
        @Lenient var prompts: [String]?
        @Lenient var namesIssuer: Bool?

        private enum CodingKeys: String, CodingKey {
            case issuer
            case authorizationEndpoint = "authorization_endpoint"
            case tokenEndpoint = "token_endpoint"
            case keySetAddress = "jwks_uri"
            case userInfoEndpoint = "userinfo_endpoint"
            case revocationEndpoint = "revocation_endpoint"
            case tokenAuthentications = "token_endpoint_auth_methods_supported"
            case prompts = "prompt_values_supported"
            case namesIssuer = "authorization_response_iss_parameter_supported"
        }
    }

    /// The authorization endpoint, for browsers.
    let authorizationEndpoint: ProviderURL
    let tokenEndpoint: ProviderURL
    let keySetAddress: ProviderURL
    /// The userinfo endpoint (OpenID Connect Core, section 5.3); nil when there is none, or it must not be requested.
    let userInfoEndpoint: ProviderURL?
    /// The revocation endpoint (RFC 8414, section 2); nil when there is none, or it must not be requested.
    let revocationEndpoint: ProviderURL?
    /// How clients may authenticate at the token endpoint; the default is `client_secret_basic` (OpenID Connect
    /// Discovery 1.0, section 3).
    let tokenAuthentications: [CodeExchange.Authentication]
    /// Whether the provider lists `prompt=select_account`; providers reject values that they do not support (Initiating
    /// User Registration via OpenID Connect 1.0).
    let selectsAccount: Bool
    /// Whether to reject a response without `iss` (RFC 9207, section 2.4).
    let namesIssuer: Bool

    /// Validates a document; requests to endpoints of the issuer's origin go to the internal one, if there is one.
    ///
    /// - Throws: ``ProviderError`` when it is not this issuer's (section 4.3: the issuer must be exactly equal), or has
    ///   endpoints that must not be requested.
    init(
        _ document: Document,
        issuer: ProviderURL,
        through origin: ProviderURL? = nil
    ) throws(ProviderError) {
        guard document.issuer.utf8.elementsEqual(issuer.description.utf8) else {
            throw .mismatch(
                document.issuer.utf8.contains(UInt8(ascii: "{"))
                    ? "the discovery document has a template as its issuer: use the address of one tenant"
                    : "the discovery document is from another issuer",
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
        selectsAccount = document.prompts?.contains { $0.isExactly("select_account") } ?? false
        namesIssuer = document.namesIssuer ?? false
    }

    /// The URL of an issuer's discovery document (OpenID Connect Discovery 1.0, section 4).
    static func address(of issuer: ProviderURL, through origin: ProviderURL?) -> String? {
        (origin.map { issuer.moved(to: $0) } ?? issuer)?.appending("/.well-known/openid-configuration")
    }
}
