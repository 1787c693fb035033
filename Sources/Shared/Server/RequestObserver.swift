public import Hummingbird
public import Logging

/// Names and times every request, logs one line for it and counts it.
///
/// The line has method, route, status and duration; never the path, the query or a header. The route is the pattern that
/// the router matched, so that no value from an address reaches log or metrics. One middleware for all of it, because each
/// costs more than what these do.
public struct RequestObserver<Context: ServedRequestContext>: RouterMiddleware {
    private let logger: Logger
    private let metrics: RequestMetrics
    private let trustedPeers: [IPNetwork]

    /// Makes the middleware; it must be the outermost, outside whatever turns errors into answers.
    ///
    /// - Parameters:
    ///   - logger: what the requests' loggers are made of.
    ///   - registry: where requests are counted.
    ///   - trustedPeers: the peers that may name client and request.
    public init(logger: Logger, registry: PrometheusRegistry, trusting trustedPeers: [IPNetwork]) {
        self.logger = logger
        self.trustedPeers = trustedPeers
        metrics = RequestMetrics(registry)
    }

    /// Fills in what the context knows of the request, hands it on, and tells what became of it.
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
        // The current logger of the task, too, so that what has no context to log with names the request as well.
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
