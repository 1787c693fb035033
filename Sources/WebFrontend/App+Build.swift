import AsyncHTTPClient
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Shared
import UnixSignals

/// How long requests under way may take after the program was told to stop (requirement E7: ten seconds in all).
private let shutdownDeadline = Duration.seconds(8)

/// Makes the server with everything it needs, ready to run until a signal tells it to stop.
func buildServer(_ settings: FrontendSettings) throws -> ServiceGroup {
    let logger = Logger(label: "frontend")
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: AuthAPITransport.clientConfiguration)
    let metrics = PrometheusRegistry(RequestMetric.descriptions + ProcessMetrics.descriptions)
    ProcessMetrics.register(in: metrics, program: "WebFrontend")
    let application = try buildApplication(settings, client: client, metrics: metrics, logger: logger)
    var services: [any Service] = [HTTPClientService(client: client), application]
    if let port = settings.metricsPort {
        services.append(MetricsServer(metrics, host: settings.host.description, port: port).application(logger: logger))
    }
    var configuration = ServiceGroupConfiguration(
        // When one cannot go on the others end in order, as at a signal: cancelled, each would log an error of its own.
        services: services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
        gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger
    )
    configuration.maximumGracefulShutdownDuration = shutdownDeadline
    configuration.maximumCancellationDuration = .seconds(1)
    return ServiceGroup(configuration: configuration)
}

/// Makes each object once, in the order in which they need each other.
func buildApplication(
    _ settings: FrontendSettings,
    client: HTTPClient,
    metrics: PrometheusRegistry = PrometheusRegistry(RequestMetric.descriptions),
    logger: Logger,
    deadlines: Deadlines = Deadlines()
) throws -> some ApplicationProtocol {
    let api = AuthAPIClient(transport: AuthAPITransport(client: client, origin: settings.apiURL), deadlines: deadlines)
    let assets = try AssetLibrary.embedded()
    let pages = try PageRenderer(
        templates: .embedded(),
        texts: .embedded(),
        assets: assets,
        offersRegistration: settings.registration.mode != .closed
    )
    let visitors = Visitors(api: api)
    let handlers = Handlers(
        home: HomePage(visitors: visitors, pages: pages, settings: settings),
        login: LoginPage(api: api, visitors: visitors, pages: pages, settings: settings, bodyDeadline: deadlines.body),
        register: RegisterPage(
            api: api,
            visitors: visitors,
            pages: pages,
            settings: settings,
            bodyDeadline: deadlines.body
        ),
        recover: RecoverPage(api: api, pages: pages, settings: settings, bodyDeadline: deadlines.body),
        account: AccountPage(api: api, visitors: visitors, pages: pages, settings: settings),
        password: PasswordPage(
            api: api,
            visitors: visitors,
            pages: pages,
            settings: settings,
            bodyDeadline: deadlines.body
        ),
        name: NamePage(api: api, visitors: visitors, pages: pages, bodyDeadline: deadlines.body),
        data: DataPage(api: api, visitors: visitors, pages: pages),
        deletion: DeletionPage(
            api: api,
            visitors: visitors,
            pages: pages,
            settings: settings,
            bodyDeadline: deadlines.body
        ),
        language: LanguageChoice(secure: settings.common.publicURL.isSecure, bodyDeadline: deadlines.body),
        assets: assets,
        health: HealthRoutes(api: api)
    )

    let headers = SecurityHeaders(secure: settings.common.publicURL.isSecure)
    let router = Router(context: PageContext.self, options: .autoGenerateHeadEndpoints)
    router.addMiddleware {
        RequestObserver(logger: logger, registry: metrics, trusting: settings.common.trustedPeers)
        headers
        handlers.language
        ErrorPages(pages: pages, routes: handlers.table)
        TrailingSlash()
        RequestGuard(settings.common)
    }
    handlers.add(to: router)

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
            ),
            refusing: { pages.response(to: $0, headers: headers) }
        ),
        configuration: .init(address: .hostname(settings.host.description, port: settings.port)),
        onServerRunning: { await AcceptPause.install(on: $0, logger: logger) },
        logger: logger
    )
}

/// Closes the client's connections after the server has stopped.
private struct HTTPClientService: Service {
    let client: HTTPClient

    func run() async throws {
        try? await gracefulShutdown()
        try await client.shutdown()
    }
}
