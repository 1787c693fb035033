import CoreMetrics
import FoundationEssentials
import PostgresClient
import Shared

/// The metrics of the API.
struct APIMetrics: Sendable {
    /// The registry of all metrics.
    let registry: PrometheusRegistry
    /// The time that password checks waited for a thread.
    let hashingWait: Timer
    /// The time that requests waited for a database connection.
    let databaseWait: Timer

    init() {
        registry = PrometheusRegistry(
            RequestMetric.descriptions + APIMetric.descriptions + ProcessMetrics.descriptions
        )
        hashingWait = Timer(label: APIMetric.hashingWait, dimensions: [], factory: registry)
        databaseWait = Timer(label: APIMetric.databaseWait, dimensions: [], factory: registry)
        ProcessMetrics.register(in: registry, program: "AuthAPI")
    }

    /// Counts a sign-in attempt.
    ///
    /// - Parameters:
    ///   - method: `password` or the provider's name.
    ///   - outcome: `ok`, or the error code; never a value from outside.
    func countSignIn(_ method: String, _ outcome: String) {
        let labels = [("method", method), ("outcome", outcome)]
        Counter(label: APIMetric.signIns, dimensions: labels, factory: registry).increment()
    }

    /// Counts a password sign-in, and returns its result.
    func signIn<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await counted(body) { countSignIn("password", $0) }
    }

    /// Counts a registration, and returns its result.
    func registration<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await counted(body) { outcome in
            Counter(label: APIMetric.registrations, dimensions: [("outcome", outcome)], factory: registry).increment()
        }
    }

    private func counted<Value>(
        _ body: () async throws -> Value,
        count: (String) -> Void
    ) async throws -> Value {
        do {
            let value = try await body()
            count("ok")
            return value
        } catch {
            count(Self.outcome(of: error).rawValue)
            throw error
        }
    }

    private static func outcome(of error: any Error) -> APIErrorCode {
        switch error {
        case let error as APIError: error.code
        case let error as PostgresError where error.meansUnavailable: .serviceUnavailable
        case is CancellationError: .serviceUnavailable
        default: .internalError
        }
    }

    /// Reads the state of the queues and the counts in the database on each scrape.
    func observe(hashing: HashingPool, postgres: PostgresPool, store: MetricsStore) {
        registry.collect {
            let hashing = hashing.snapshot
            let database = postgres.snapshot
            return [
                MetricSample(APIMetric.hashingWaiting, [], Double(hashing.waiting)),
                MetricSample(APIMetric.hashingBusy, [], Double(hashing.busy)),
                MetricSample(APIMetric.hashingRejected, [], Double(hashing.rejected)),
                MetricSample(APIMetric.databaseWaiting, [], Double(database.waiting)),
                MetricSample(APIMetric.databaseBusy, [], Double(database.busy)),
                MetricSample(APIMetric.databaseConnections, [], Double(database.connected)),
                MetricSample(APIMetric.databaseConnects, [], Double(database.connects)),
                MetricSample(APIMetric.databaseRejected, [("reason", "queue_full")], Double(database.rejected)),
                MetricSample(APIMetric.databaseRejected, [("reason", "waited_too_long")], Double(database.expired)),
            ]
        }
        registry.collect {
            guard let counts = await store.counts() else { return [] }
            let backups = [("backup", counts.backup), ("drill", counts.drill)].compactMap { kind, time in
                time.map { MetricSample(APIMetric.backups, [("kind", kind)], $0.timeIntervalSince1970) }
            }
            return backups + [
                MetricSample(APIMetric.sessions, [], Double(counts.sessions)),
                MetricSample(APIMetric.outdatedHashes, [], Double(counts.outdatedHashes)),
            ]
        }
    }
}
