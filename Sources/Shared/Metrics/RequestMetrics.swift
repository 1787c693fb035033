import CoreMetrics
import Synchronization

/// The metrics of requests.
public enum RequestMetric {
    static let duration = "http_request_duration_seconds"
    static let running = "http_requests_in_flight"

    /// Their descriptions.
    public static let descriptions = [
        MetricDescription(duration, .durations, "Duration of HTTP requests by method, route and status."),
        MetricDescription(running, .gauge, "HTTP requests in flight."),
    ]
}

/// The series of requests, cached so that their labels are not created again.
///
/// The route is the pattern that the router matched, so the number of series is bounded whatever clients request.
final class RequestMetrics: Sendable {
    /// The labels of a series.
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

    /// Counts the start of a request.
    func begin() { running.increment(by: 1) }

    /// Counts the end of a request.
    func end() { running.decrement(by: 1) }

    /// Records how long a request took.
    func record(_ key: Key, _ duration: Duration) {
        let timer = timers.withLock { timers in
            if let known = timers[key] { return known }
            // Clients choose the method, so only the usual ones have a label.
            let method = Self.methods.contains(key.method) ? key.method : "other"
            let labels = [("method", method), ("route", key.route), ("status", String(key.status))]
            let timer = Timer(label: RequestMetric.duration, dimensions: labels, factory: registry)
            if timers.count < PrometheusRegistry.seriesLimit { timers[key] = timer }
            return timer
        }
        timer.record(duration)
    }
}
