import Shared

extension OAuthProvider {
    /// The providers that the mock is by default.
    static let mocked: [OAuthProvider] = [.google, .discord]
    /// The first OpenID provider of `OIDC_…`.
    static let oidc = openID[0]
    /// A provider of each kind.
    static let kinds: [OAuthProvider] = [.google, .discord, .oidc]
    /// Those with ID tokens.
    static let withIDTokens: [OAuthProvider] = [.google, .oidc]

    /// The mock's path of the discovery document.
    var discovery: MockProvider.Endpoint { self == .google ? .discovery : .oidcDiscovery }
    /// Its path of the keys.
    var keys: MockProvider.Endpoint { self == .google ? .keys : .oidcKeys }
    /// Its token endpoint.
    var token: MockProvider.Endpoint {
        switch self {
        case .google: .googleToken
        case .discord: .discordToken
        default: .oidcToken
        }
    }
}

extension MockProvider.Endpoint {
    /// The endpoints that a sign-in requests.
    static let requested: [MockProvider.Endpoint] = [
        .discovery, .keys, .googleToken, .oidcDiscovery, .oidcKeys, .oidcToken, .discordToken, .discordUser,
    ]

    /// The provider of the endpoint.
    var provider: OAuthProvider {
        rawValue.hasPrefix("/api/") ? .discord : rawValue.hasPrefix("/realms/") ? .oidc : .google
    }
}
