import AsyncHTTPClient
import FoundationEssentials
import Logging
import ServiceLifecycle
import Shared

/// The enabled providers, and the HTTP clients for them.
struct IdentityProviders: Service {
    private let providers: [OAuthProvider: any IdentityProvider]
    private let settings: ProviderList
    /// One for all providers, and one for each that has its own certificate authorities.
    private let clients: [HTTPClient]

    /// Creates the providers; no request is sent before the first flow.
    init(
        _ settings: ProviderList,
        logger: Logger,
        now: @escaping @Sendable () -> Date = { Date.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.settings = settings
        var clients: [HTTPClient] = []
        var common: ProviderClient?
        var providers: [OAuthProvider: any IdentityProvider] = [:]
        for settings in settings.all {
            let authorities = settings.openID.authorities
            let client: ProviderClient
            if let common, authorities == nil {
                client = common
            } else {
                let http = HTTPClient(
                    eventLoopGroupProvider: .singleton,
                    configuration: ProviderClient.clientConfiguration(trusting: authorities)
                )
                clients.append(http)
                client = ProviderClient(client: http, sleep: sleep)
                if authorities == nil { common = client }
            }
            providers[settings.key] =
                switch settings.kind {
                case .google, .line, .oidc: OpenIDProvider(settings, client: client, logger: logger, now: now)
                case .discord: DiscordProvider(settings, client: client, now: now)
                case .github: GitHubProvider(settings, client: client, now: now)
                }
        }
        self.providers = providers
        self.clients = clients
    }

    /// The provider; nil when it is off.
    subscript(_ name: OAuthProvider) -> (any IdentityProvider)? { providers[name] }

    /// The provider of an identity; nil when it is off, or has another issuer now.
    subscript(_ identity: IdentityKey) -> (any IdentityProvider)? {
        settings.signsIn(identity.provider, linkedAt: identity.issuer) ? providers[identity.provider] : nil
    }

    /// Waits for the end of the server, then closes the connections.
    func run() async throws {
        try? await gracefulShutdown()
        try await close()
    }

    /// Closes the connections.
    func close() async throws {
        for client in clients { try await client.shutdown() }
    }
}

extension IdentityProviders: CustomStringConvertible {
    /// The name in the log of the service group, which would otherwise print every property.
    var description: String { "IdentityProviders" }
}
