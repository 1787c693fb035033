import CoreMetrics
import Synchronization

/// The metrics of requests.
public enum RequestMetric {
    static let duration = "http_request_duration_seconds"
    static let running = "http_requests_in_flight"

    /// What they are.
    public static let descriptions = [
        MetricDescription(duration, .durations, "Duration of HTTP requests by method, route and status."),
        MetricDescription(running, .gauge, "HTTP requests in flight."),
    ]
}

/// The series of requests, found again without making their labels anew.
///
/// The route is the pattern that the router matched, so the number of series has a bound whatever is asked for.
final class RequestMetrics: Sendable {
    /// What tells one series from another.
    struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let running: Meter
    private let registry: PrometheusRegistry
    private let timers = Mutex<[Key: Timer]>([:])

    init(_ registry: PrometheusRegistry) {
        self.registry = registry
        running = Meter(label: RequestMetric.running, dimensions: [], factory: registry)
    }

    /// Counts a request that begins.
    func begin() { running.increment(by: 1) }

    /// Counts a request that ends.
    func end() { running.decrement(by: 1) }

    /// Records how long a request took.
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
