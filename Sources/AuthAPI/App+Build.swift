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
    let users: UserRoutes
    let passwords: PasswordRoutes
    let sessions: SessionRoutes
    let oauth: ProviderSignInRoutes
    let providerList: ProviderListRoutes
    let addresses: AddressRoutes
    let identities: IdentityRoutes
    let access: ApplicationAccessRoutes
    let applicationHostRoutes: ApplicationHostRoutes
    let recovery: RecoveryRoutes
    let authenticator: Authenticator
    let health: HealthRoutes
    let openAPI: OpenAPIRoutes
    let sessionSweeper: Sweeper
    let throttleSweeper: Sweeper
    /// Nil when events are kept without limit.
    let auditSweeper: Sweeper?
    let metrics: APIMetrics
    let providers: IdentityProviders
    /// Tells systemd when the server is ready.
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
            onStart: metrics.hashingWait.record
        )
        let hasher = PasswordHasher(parameters: settings.argon2, pool: hashing)
        let tokens = await TokenIssuer(
            key: settings.secretKey,
            previousKey: settings.secretKeyPrevious,
            issuer: settings.common.publicURL
        )
        let accountStore = UserStore(postgres: postgres)
        let vault = ProviderTokenVault(secretKey: settings.secretKey, previous: settings.secretKeyPrevious)
        let registration = RegistrationPolicy(
            settings: settings.registration,
            store: InviteStore(postgres: postgres),
            codes: OneTimeCodeKeys(
                for: .inviteCodes,
                secretKey: settings.secretKey,
                previous: settings.secretKeyPrevious
            )
        )
        let identityStore = IdentityStore(postgres: postgres, vault: vault, registration: registration)
        let sessionStore = SessionStore(postgres: postgres, identities: identityStore)
        let throttles = ThrottleStore(postgres: postgres)
        let audit = AuditStore(postgres: postgres)
        let gate = PasswordGate(
            store: throttles,
            audit: audit,
            keys: ThrottleKeys(secretKey: settings.secretKey),
            limits: settings.throttleLimits,
            hasher: hasher,
            now: now
        )
        let devices = DeviceCookie(settings, now: now)
        let sessionService = SessionService(store: sessionStore, gate: gate, hasher: hasher, tokens: tokens, now: now)
        let cookie = SessionCookie(publicURL: settings.common.publicURL)
        let pendingLinks = PendingLinkCookie(settings, now: now)
        let pendingAddresses = PendingAddressCookie(settings, now: now)
        let flows = FlowCookies<SignInFlow>(settings, now: now)
        let invites = InviteCookie(publicURL: settings.common.publicURL)
        let providers = IdentityProviders(settings.providers, logger: logger, now: now, sleep: sleep)
        self.providers = providers
        let batches = SessionBatches(postgres: postgres)
        users = UserRoutes(
            service: UserService(
                store: accountStore,
                sessions: sessionService,
                gate: gate,
                hasher: hasher,
                deletion: UserDeletionService(
                    store: UserDeletionStore(postgres: postgres),
                    batches: batches,
                    keys: ThrottleKeys(secretKey: settings.secretKey),
                    vault: vault,
                    provider: { providers[$0] }
                ),
                policy: registration
            ),
            cookie: cookie,
            devices: devices,
            pendingLinks: pendingLinks,
            pendingAddresses: pendingAddresses,
            flows: flows,
            invites: invites,
            siteWords: settings.common.siteWords,
            metrics: metrics
        )
        passwords = PasswordRoutes(
            service: PasswordService(
                store: PasswordStore(postgres: postgres),
                batches: batches,
                sessions: sessionService,
                gate: gate,
                hasher: hasher
            ),
            cookie: cookie,
            devices: devices,
            siteWords: settings.common.siteWords
        )
        sessions = SessionRoutes(
            service: sessionService,
            cookie: cookie,
            pendingLinks: pendingLinks,
            pendingAddresses: pendingAddresses,
            devices: devices,
            metrics: metrics
        )
        providerList = ProviderListRoutes(providers: settings.providers)
        let tickets = LinkTickets(settings)
        oauth = ProviderSignInRoutes(
            service: ProviderSignInService(
                provider: { providers[$0] },
                store: identityStore,
                sessions: sessionService,
                publicURL: settings.common.publicURL,
                now: now
            ),
            flows: flows,
            pendingLinks: pendingLinks,
            pendingAddresses: pendingAddresses,
            invites: invites,
            tickets: tickets,
            sessions: sessionService,
            cookie: cookie,
            publicURL: settings.common.publicURL,
            landing: settings.access.application?.home ?? .home,
            metrics: metrics
        )
        addresses = AddressRoutes(
            service: AddressService(store: identityStore, sessions: sessionService, providers: settings.providers),
            cookie: cookie,
            pendingAddresses: pendingAddresses,
            pendingLinks: pendingLinks,
            invites: invites,
            metrics: metrics
        )
        identities = IdentityRoutes(
            service: IdentityService(store: identityStore, providers: settings.providers, now: now),
            pendingLinks: pendingLinks,
            tickets: tickets
        )
        let applicationHost = ApplicationHost(settings, now: now)
        applicationHostRoutes = ApplicationHostRoutes(
            host: applicationHost,
            sessions: sessionService,
            cookie: cookie,
            publicURL: settings.common.publicURL
        )
        access = try await ApplicationAccessRoutes(
            settings,
            sessions: sessionService,
            cookie: cookie,
            host: applicationHost,
            metrics: metrics,
            postgres: postgres,
            now: now
        )
        recovery = RecoveryRoutes(
            service: RecoveryService(
                store: RecoveryStore(postgres: postgres),
                batches: SessionBatches(postgres: postgres),
                gate: gate,
                hasher: hasher,
                codes: OneTimeCodeKeys(
                    for: .recoveryCodes,
                    secretKey: settings.secretKey,
                    previous: settings.secretKeyPrevious
                ),
                siteWords: settings.common.siteWords
            )
        )
        authenticator = Authenticator(sessions: sessionService, cookie: cookie)
        health = HealthRoutes(service: HealthService(postgres: postgres, logger: logger))
        openAPI = try OpenAPIRoutes(publicURL: settings.common.publicURL, name: settings.common.siteName)
        sessionSweeper = Sweeper(what: "expired sessions", logger: logger, now: now) {
            try await sessionStore.removeExpired(at: $0, limit: $1)
        }
        throttleSweeper = Sweeper(what: "used-up throttles", logger: logger, now: now) {
            try await throttles.removeExpired(at: $0, limit: $1)
        }
        auditSweeper = settings.auditRetention.map { days in
            // The times of the events are from the database's clock.
            Sweeper(what: "old audit events", logger: logger) {
                try await audit.removeExpired(keeping: days, limit: $1)
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
                // Not before: with millions of identities it takes longer than a server may take to start.
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
        addRoutes(to: described)
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
        addRoutes(to: router)
        return Application(
            router: router,
            server: EventLoopServer.builder(
                .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 * 1024,
                        maxHeaderListSize: EventLoopServer.maximumHeaderListSize,
                        maxHeaderFieldCount: 200
                    )
                )
            ),
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
