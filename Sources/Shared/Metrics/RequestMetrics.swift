import CoreMetrics
public import Hummingbird
import Synchronization

/// Times every request, by method, route and status.
///
/// The route is the pattern that the router matched, so the number of series has a bound whatever is asked for.
public struct RequestMetrics<Context: ServedRequestContext>: RouterMiddleware {
    private let series: RequestSeries

    /// Makes the middleware; it must stand outside whatever turns errors into answers.
    public init(_ registry: PrometheusRegistry) { series = RequestSeries(registry: registry) }

    /// Counts the request while it runs, and times it.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        series.running.increment(by: 1)
        defer { series.running.decrement(by: 1) }
        let response = try await next(request, context)
        series.record(
            .init(
                method: request.method.rawValue,
                route: context.endpointPath ?? "NotFound",
                status: response.status.code
            ),
            ContinuousClock.now - start
        )
        return response
    }
}

/// The metrics of requests.
public enum RequestMetric {
    static let duration = "http_request_duration_seconds"
    static let running = "http_requests_in_flight"

    /// What they are.
    public static let descriptions = [
        MetricDescription(duration, .durations, "Time to answer HTTP requests, by method, route and status."),
        MetricDescription(running, .gauge, "HTTP requests being answered."),
    ]
}

/// The series of requests, found again without making their labels anew.
private final class RequestSeries: Sendable {
    struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    let running: Meter
    private let registry: PrometheusRegistry
    private let timers = Mutex<[Key: Timer]>([:])

    init(registry: PrometheusRegistry) {
        self.registry = registry
        running = Meter(label: RequestMetric.running, dimensions: [], factory: registry)
    }

    func record(_ key: Key, _ duration: Duration) {
        let timer = timers.withLock { timers in
            if let known = timers[key] { return known }
            // Whoever asks chooses the method, so only the usual ones are named.
            let method = Self.methods.contains(key.method) ? key.method : "other"
            let labels = [("method", method), ("route", key.route), ("status", String(key.status))]
            let timer = Timer(label: RequestMetric.duration, dimensions: labels, factory: registry)
            if timers.count < PrometheusRegistry.seriesLimit { timers[key] = timer }
            return timer
        }
        timer.record(duration)
    }
}
