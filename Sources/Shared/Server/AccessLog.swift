public import Hummingbird
import Logging

/// Logs one line a request: method, route, status and duration; never the path, the query or a header.
///
/// The route is the pattern that the router matched, so that no value from an address reaches the log.
public struct AccessLog<Context: ServedRequestContext>: RouterMiddleware {
    /// Makes the middleware; it must stand inside ``RequestIdentity`` and outside whatever turns errors into answers.
    public init() {}

    /// Times the request and logs it.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let route = context.endpointPath ?? "NotFound"
        let level: Logger.Level =
            switch response.status.code {
            case 500...: .error
            case _ where route.hasPrefix(APIPath.health): .debug
            default: .info
            }
        context.logger.log(
            level: level,
            "request",
            metadata: [
                "method": .string(request.method.rawValue),
                "route": .string(route),
                "status": .stringConvertible(response.status.code),
                "duration_ms": .stringConvertible((ContinuousClock.now - start).fractionalMilliseconds),
            ]
        )
        return response
    }
}

extension Duration {
    /// The duration in milliseconds, to the microsecond.
    var fractionalMilliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
