import CoreMetrics
import Shared

/// Counts and measures the checks of requests to the application.
///
/// The series are created once: checks are the most frequent requests.
struct AccessMetrics: Sendable {
    private let admitted: Counter
    private let signedOut: Counter
    private let rejected: Counter
    private let failed: Counter
    private let duration: Timer

    init(_ registry: PrometheusRegistry) {
        func counter(_ outcome: String) -> Counter {
            Counter(label: APIMetric.accessChecks, dimensions: [("outcome", outcome)], factory: registry)
        }
        admitted = counter("admitted")
        signedOut = counter("signed_out")
        rejected = counter("refused")
        failed = counter("failed")
        duration = Timer(label: APIMetric.accessCheckTime, dimensions: [], factory: registry)
    }

    /// Runs a check, and records its result and duration.
    func check(
        _ body: () async throws -> ApplicationAccessService.Verdict
    ) async throws -> ApplicationAccessService.Verdict {
        let start = ContinuousClock.now
        defer { duration.record(ContinuousClock.now - start) }
        do {
            let verdict = try await body()
            switch verdict {
            case .admitted: admitted.increment()
            case .signedOut: signedOut.increment()
            case .rejected: rejected.increment()
            }
            return verdict
        } catch {
            failed.increment()
            throw error
        }
    }
}
