import FoundationEssentials
import Logging
import PostgresClient
import Shared
import Synchronization

/// The rules of health checks.
final class HealthService: Sendable {
    private let postgres: PostgresPool
    private let logger: Logger
    /// The last logged reason, so that a frequent health check does not fill the log.
    private let reported = Mutex("")

    init(postgres: PostgresPool, logger: Logger) {
        self.postgres = postgres
        self.logger = logger
    }

    /// The health of the service and its database, for operators and monitoring.
    func overall() async -> HealthBody {
        let database = await state()
        return HealthBody(
            status: database == .ok ? .ok : .unavailable,
            database: database,
            timestamp: .now,
            version: Version.current
        )
    }

    /// The health of the process only, without the database, so that an outage of the database does not restart the
    /// servers.
    func liveness() -> HealthBody {
        HealthBody(status: .ok, database: nil, timestamp: .now, version: Version.current)
    }

    /// Whether requests can be served; logs a reason when it first occurs.
    private func state() async -> HealthBody.State {
        do {
            var readiness = try await postgres.reading { try Readiness.of($0) }
            if readiness == .readOnly { readiness = try await postgres.withConnection { try Readiness.ofWriting($0) } }
            guard readiness != .ready else {
                report("")
                return .ok
            }
            let explained = await explanation()
            report(explained.isEmpty ? "\(readiness)" : explained)
            return readiness == .outdated ? .outdated : .unavailable
        } catch let error as PostgresError where error.kind == .rejected {
            let explained = await explanation()
            report(explained.isEmpty ? "\(error.detail) (SQLSTATE \(error.sqlState ?? ""))" : explained)
            return .unavailable
        } catch {
            // The connections log an unreachable database.
            return .unavailable
        }
    }

    /// The faults of the database, and how to fix them.
    private func explanation() async -> String {
        let faults = try? await postgres.reading { try DatabaseInspection.faults(on: $0, for: .serving) }
        return faults?.filter { $0.weight >= .blocking }.map(\.description).joined(separator: "\n") ?? ""
    }

    private func report(_ reason: String) {
        let isNew = reported.withLock { reported in
            defer { reported = reason }
            return reported != reason
        }
        guard isNew else { return }
        if reason.isEmpty {
            logger.notice("ready again")
        } else {
            logger.error("not ready", metadata: ["reason": "\(reason)"])
        }
    }
}
