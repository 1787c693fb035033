import FoundationEssentials
import Shared

/// The rules of health: what must work for which answer.
struct HealthService: Sendable {
    let postgres: PostgresPool

    /// The service with its database, for people and monitors.
    func overall() async -> HealthBody {
        let isCurrent = try? await Migrator.isCurrent(on: postgres)
        let database: HealthBody.State =
            switch isCurrent {
            case true?: .ok
            case false?: .outdated
            case nil: .unavailable
            }
        return HealthBody(
            status: database == .ok ? .ok : .unavailable,
            database: database,
            timestamp: .now,
            version: Version.current
        )
    }

    /// The process alone; the database is never asked, so that its failure does not restart the servers.
    func liveness() -> HealthBody {
        HealthBody(status: .ok, database: nil, timestamp: .now, version: Version.current)
    }
}
