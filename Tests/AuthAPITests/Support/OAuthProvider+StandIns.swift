import Shared

extension OAuthProvider {
    /// The providers that the stand-in is by default.
    static let standIns: [OAuthProvider] = [.google, .discord]
    /// The first of the OpenID providers that settings describe.
    static let oidc = openID[0]
    /// A provider of each kind.
    static let kinds: [OAuthProvider] = [.google, .discord, .oidc]
    /// Those with ID tokens.
    static let withIDTokens: [OAuthProvider] = [.google, .oidc]

    /// Where the stand-in has the provider's discovery document.
    var discovery: StandInProvider.Endpoint { self == .google ? .discovery : .oidcDiscovery }
    /// Where it has the provider's keys.
    var keys: StandInProvider.Endpoint { self == .google ? .keys : .oidcKeys }
    /// Where it gives tokens.
    var token: StandInProvider.Endpoint {
        switch self {
        case .google: .googleToken
        case .discord: .discordToken
        default: .oidcToken
        }
    }
}

extension StandInProvider.Endpoint {
    /// The endpoints that a sign-in asks.
    static let asked: [StandInProvider.Endpoint] = [
        .discovery, .keys, .googleToken, .oidcDiscovery, .oidcKeys, .oidcToken, .discordToken, .discordUser,
    ]

    /// The provider whose endpoint it is.
    var provider: OAuthProvider {
        rawValue.hasPrefix("/api/") ? .discord : rawValue.hasPrefix("/realms/") ? .oidc : .google
    }
}
