public import Hummingbird
public import Logging

/// Assigns every request an ID, measures it, logs one line and counts it.
///
/// The line has method, route, status and duration; never the path, the query or a header. The route is the pattern
/// that the router matched, so that no value from a URL reaches logs or metrics. It is one middleware, because a
/// middleware costs more than this work.
public struct RequestObserver<Context: ServedRequestContext>: RouterMiddleware {
    private let logger: Logger
    private let metrics: RequestMetrics
    private let trustedPeers: [IPNetwork]

    /// Creates the middleware; it must be the outermost, outside the one that turns errors into responses.
    ///
    /// - Parameters:
    ///   - logger: the base of the requests' loggers.
    ///   - registry: counts the requests.
    ///   - trustedPeers: the peers that may name client and request.
    public init(logger: Logger, registry: PrometheusRegistry, trusting trustedPeers: [IPNetwork]) {
        self.logger = logger
        self.trustedPeers = trustedPeers
        metrics = RequestMetrics(registry)
    }

    /// Sets the context of the request, passes it on, and logs the result.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        metrics.begin()
        defer { metrics.end() }
        var context = context
        let peer = context.remoteAddress
        context.requestID = RequestIdentifier.of(request.headers[.requestID], by: peer, trusting: trustedPeers)
        context.clientAddress = ClientAddress.of(peer: peer, realIP: request.headers[.realIP], trusting: trustedPeers)
        var logger = logger
        logger[metadataKey: "request_id"] = .string(context.requestID)
        context.logger = logger
        // Also as the task-local logger, so that code without a context logs the request ID, too.
        var response = try await withLogger(logger) { _ in try await next(request, context) }
        response.headers[.requestID] = context.requestID
        let method = request.method.rawValue, route = context.endpointPath ?? "NotFound"
        let duration = ContinuousClock.now - start
        metrics.record(.init(method: method, route: route, status: response.status.code), duration)
        logger.log(
            level: level(of: response, at: route),
            "request",
            metadata: [
                "method": .string(method),
                "route": .string(route),
                "status": .stringConvertible(response.status.code),
                "duration_ms": .stringConvertible(duration.fractionalMilliseconds),
            ]
        )
        return response
    }

    private func level(of response: Response, at route: String) -> Logger.Level {
        switch response.status.code {
        case 500...: .error
        case _ where route.begins(with: APIPath.health): .debug
        default: .info
        }
    }
}

extension Duration {
    /// The duration in milliseconds, to the microsecond.
    var fractionalMilliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
