public import Hummingbird
public import Logging
import NIOCore

/// A separate server for the metrics, on a port that the reverse proxy does not use.
public struct MetricsServer: Sendable {
    /// The path of the metrics.
    public static let path = "/metrics"

    private let registry: PrometheusRegistry
    private let host: String
    private let port: Int

    /// Describes the server.
    public init(_ registry: PrometheusRegistry, host: String, port: Int) {
        self.registry = registry
        self.host = host
        self.port = port
    }

    /// The service to run beside the program's own server.
    ///
    /// - Parameters:
    ///   - logger: logs its start and stop.
    ///   - onRunning: called with the listening channel.
    /// - Returns: a service.
    public func application(
        logger: Logger,
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.get(.init(Self.path)) { [registry] _, _ in
            let bytes = ByteBuffer(string: await registry.text())
            return Response(
                status: .ok,
                headers: [.contentType: PrometheusText.mediaType, .contentLength: String(bytes.readableBytes)],
                body: .init(byteBuffer: bytes)
            )
        }
        return Application(
            router: router,
            server: EventLoopServer.builder(.init(idleTimeout: .seconds(60))),
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                // Metrics show a shortage of file descriptors, so they stay available longer than requests.
                await AcceptPause.install(on: channel, logger: logger, isShort: AcceptPause.filesAreVeryShort)
                await onRunning(channel)
            },
            logger: logger
        )
    }
}
