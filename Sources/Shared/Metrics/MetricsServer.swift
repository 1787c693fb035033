public import Hummingbird
public import Logging
import NIOCore

/// A server of its own for the metrics, on a port that the proxy does not know.
public struct MetricsServer: Sendable {
    /// Where the metrics are.
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

    /// The server, to run beside the program's own.
    ///
    /// - Parameters:
    ///   - logger: told when it starts and stops.
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
            onServerRunning: onRunning,
            logger: logger
        )
    }
}
