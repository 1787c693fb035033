import AsyncHTTPClient
import FoundationEssentials
import Logging
import ServiceLifecycle
import Shared

/// The providers that are on, and the connections to them.
struct IdentityProviders: Service {
    private let providers: [OAuthProvider: any IdentityProvider]
    /// Nil when no provider is on.
    private let client: HTTPClient?

    /// Makes the providers; nothing is asked before the first flow.
    init(
        _ settings: [OAuthProvider: ProviderSettings],
        logger: Logger,
        now: @escaping @Sendable () -> Date = { Date.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        guard !settings.isEmpty else {
            providers = [:]
            client = nil
            return
        }
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: ProviderClient.clientConfiguration
        )
        let client = ProviderClient(client: http, sleep: sleep)
        var providers: [OAuthProvider: any IdentityProvider] = [:]
        for (name, settings) in settings {
            switch name {
            case .google: providers[name] = GoogleProvider(settings, client: client, logger: logger, now: now)
            case .discord: providers[name] = DiscordProvider(settings, client: client, now: now)
            }
        }
        self.providers = providers
        self.client = http
    }

    /// The provider; nil when it is off.
    subscript(_ name: OAuthProvider) -> (any IdentityProvider)? { providers[name] }

    /// Waits for the end of the server, then closes the connections.
    func run() async throws {
        try? await gracefulShutdown()
        try await close()
    }

    /// Closes the connections.
    func close() async throws { try await client?.shutdown() }
}

extension IdentityProviders: CustomStringConvertible {
    /// The name in the log of the service group, which would otherwise write out everything.
    var description: String { "IdentityProviders" }
}
