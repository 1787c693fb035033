import FoundationEssentials
import Hummingbird
import Logging
import NIOCore
import PostgresClient
import ServiceLifecycle
import Shared

/// The composition root: creates the objects in the order of their dependencies.
struct App: Sendable {
    let settings: APISettings
    let logger: Logger
    let postgres: PostgresPool
    let hashing: HashingPool
    let migrator: Migrator
    let routes: Routes
    let sessionSweeper: Sweeper
    let throttleSweeper: Sweeper
    /// Nil when events are kept without limit.
    let auditSweeper: Sweeper?
    let metrics: APIMetrics
    let providers: IdentityProviders
    /// Notifies systemd when the server is ready.
    let startup = StartupReport(waitingFor: [.listening, .database])

    /// Creates all objects; `sleep` is for waits for a provider's response, so that tests can control time.
    init(
        settings: APISettings,
        logger: Logger,
        now: @escaping @Sendable () -> Date = { Date.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async throws {
        self.settings = settings
        self.logger = logger
        metrics = APIMetrics()
        postgres = PostgresPool(settings.database.serving, logger: logger, onStart: metrics.databaseWait.record)
        migrator = settings.database.migrator(logger: logger)
        hashing = try HashingPool(
            threads: settings.hashingThreads,
            queueLimit: settings.hashingQueue,
            memory: settings.hashingMemory,
            onStart: metrics.hashingWait.record
        )
        providers = IdentityProviders(settings.providers, logger: logger, now: now, sleep: sleep)
        let core = await Core(
            settings,
            postgres: postgres,
            hashing: hashing,
            providers: providers,
            metrics: metrics,
            now: now
        )
        routes = try await Routes(core, logger: logger)
        sessionSweeper = Sweeper(what: "expired sessions", logger: logger, now: now) {
            try await core.sessions.store.removeExpired(at: $0, limit: $1)
        }
        throttleSweeper = Sweeper(what: "expired rate limits", logger: logger, now: now) {
            try await core.limiter.store.removeExpired(at: $0, limit: $1)
        }
        auditSweeper = settings.auditRetention.map { days in
            // The times of the events are from the database's clock.
            Sweeper(what: "old audit events", logger: logger) {
                try await core.audit.removeExpired(keeping: days, limit: $1)
            }
        }
        metrics.observe(
            hashing: hashing,
            postgres: postgres,
            store: MetricsStore(postgres: postgres, parameters: settings.argon2, now: now)
        )
    }
}

extension App {
    /// The services that run beside the server, in the order of starting; they stop in reverse order.
    var backgroundServices: [ServiceGroupConfiguration.ServiceConfiguration] {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: hashing), .init(service: postgres), .init(service: sessionSweeper),
            .init(service: throttleSweeper),
            .init(service: providers),
        ]
        if let auditSweeper { services.append(.init(service: auditSweeper)) }
        if let port = settings.metricsPort {
            let server = MetricsServer(metrics.registry, host: settings.host.description, port: port)
            services.append(.init(service: server.application(logger: logger)))
        }
        let adoption = IssuerAdoption(postgres: postgres, providers: settings.providers, logger: logger)
        let schema = SchemaStartup(
            migrator: settings.migrateOnStart ? migrator : nil,
            postgres: postgres,
            logger: logger,
            whenReady: { [startup] in
                startup.finish(.database)
                // Readiness does not wait for this: with millions of identities it takes longer than a start may take.
                await adoption.run()
            },
            whileWaiting: startup.waits
        )
        services.append(.init(service: schema))
        return services
    }

    /// The HTTP server.
    ///
    /// - Parameter onRunning: called with the listening channel.
    /// - Returns: a service to run beside ``backgroundServices``.
    func server(onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }) -> some ApplicationProtocol {
        let described = Router(context: APIRequestContext.self)
        routes.add(to: described)
        let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            RequestObserver<APIRequestContext>(
                logger: logger,
                registry: metrics.registry,
                trusting: settings.common.trustedPeers
            )
            RequestFrame(
                rules: RequestGuard(settings.common, unsafePaths: [APIPath.data]),
                errors: ErrorResponses(routes: RouteTable(described)),
                headers: ResponseHeaders(
                    isSecure: settings.common.publicURL.isSecure,
                    cors: CORSPolicy(allowedOrigins: settings.common.allowedOrigins)
                ),
                databaseLimit: settings.database.serving.jobTimeout
            )
        }
        routes.add(to: router)
        return Application(
            router: router,
            server: EventLoopServer.builder(),
            configuration: .init(address: .hostname(settings.host.description, port: settings.port)),
            onServerRunning: { [logger, startup] channel in
                await AcceptPause.install(on: channel, logger: logger)
                startup.finish(.listening)
                await onRunning(channel)
            },
            logger: logger
        )
    }
}
