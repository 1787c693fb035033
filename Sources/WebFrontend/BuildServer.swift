import AsyncHTTPClient
import Hummingbird
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// How long running requests may take after the stop signal (requirement E7: ten seconds in total).
private let shutdownDeadline = Duration.seconds(8)

/// Creates the server with all its dependencies, ready to run until a stop signal.
func buildServer(_ settings: FrontendSettings) throws -> ServiceGroup {
    let logger = Logger(label: "frontend")
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: AuthAPITransport.clientConfiguration)
    let metrics = PrometheusRegistry(RequestMetric.descriptions + ProcessMetrics.descriptions)
    ProcessMetrics.register(in: metrics, program: "WebFrontend")
    let startup = StartupReport(waitingFor: [.listening])
    let application = try buildApplication(
        settings,
        client: client,
        metrics: metrics,
        logger: logger,
        onListening: { startup.finish(.listening) }
    )
    var services: [any Service] = [HTTPClientService(client: client), application]
    if let port = settings.metricsPort {
        services.append(MetricsServer(metrics, host: settings.host.description, port: port).application(logger: logger))
    }
    services.append(startup)
    var configuration = ServiceGroupConfiguration(
        // When a service fails, the others shut down gracefully: if cancelled, each would log an error.
        services: services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
        gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger
    )
    configuration.maximumGracefulShutdownDuration = shutdownDeadline
    configuration.maximumCancellationDuration = .seconds(1)
    return ServiceGroup(configuration: configuration)
}

/// Creates the objects in the order of their dependencies.
func buildApplication(
    _ settings: FrontendSettings,
    client: HTTPClient,
    metrics: PrometheusRegistry = PrometheusRegistry(RequestMetric.descriptions),
    logger: Logger,
    deadlines: Deadlines = Deadlines(),
    onListening: @escaping @Sendable () -> Void = {}
) throws -> some ApplicationProtocol {
    let api = AuthAPIClient(transport: AuthAPITransport(client: client, origin: settings.apiURL), deadlines: deadlines)
    let assets = try AssetLibrary.embedded(settings.look)
    let pages = try PageRenderer(
        templates: .embedded(),
        texts: .embedded(settings.look),
        assets: assets,
        links: settings.look.links,
        offersRegistration: settings.registration.mode != .closed
    )
    let site = Site(
        api: api,
        pages: pages,
        settings: settings,
        directory: ProviderDirectory(api: api),
        bodyDeadline: deadlines.body
    )
    let publicURL = settings.common.publicURL
    let routes = Routes(
        site: site,
        language: LanguageChoice(cookies: SiteCookies(publicURL: publicURL), bodyDeadline: deadlines.body),
        assets: assets,
        security: SecurityText(contact: settings.securityContact, publicURL: publicURL),
        health: HealthRoutes(api: api)
    )

    let headers = SecurityHeaders(secure: publicURL.isSecure, application: settings.application?.url)
    let router = Router(context: PageContext.self, options: .autoGenerateHeadEndpoints)
    router.addMiddleware {
        RequestObserver(logger: logger, registry: metrics, trusting: settings.common.trustedPeers)
        headers
        routes.language
        ErrorPages(pages: pages, routes: routes.table)
        TrailingSlash()
        RequestGuard(settings.common)
    }
    routes.add(to: router)

    return Application(
        router: router,
        server: EventLoopServer.builder(refusing: { pages.response(to: $0, headers: headers) }),
        configuration: .init(address: .hostname(settings.host.description, port: settings.port)),
        onServerRunning: { channel in
            await AcceptPause.install(on: channel, logger: logger)
            onListening()
        },
        logger: logger
    )
}

/// Closes the HTTP client after the server has stopped.
private struct HTTPClientService: Service {
    let client: HTTPClient

    func run() async throws {
        try? await gracefulShutdown()
        try await client.shutdown()
    }
}
