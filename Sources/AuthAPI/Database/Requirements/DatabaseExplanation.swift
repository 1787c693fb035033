import PostgresClient
import Shared

/// What operators are told when the database does not do what a command asks for: the words of the program that refused,
/// and the command that repairs it.
struct DatabaseExplanation: Sendable, Equatable {
    let text: String
    /// 78 when something has to be configured first, 69 when the database is away or busy.
    let status: Int32

    /// Explains an error.
    ///
    /// - Parameters:
    ///   - error: what the database, or libpq, said.
    ///   - configuration: how the connection was made.
    init(_ error: PostgresError, _ configuration: PostgresConfiguration? = nil) {
        let code = error.sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let resolved = configuration.flatMap { try? PostgresReach.resolve($0) }
        let fix = error.connectionFix(role: resolved?.user ?? configuration?.user, database: resolved?.database)
        switch error.kind {
        case .unavailable(.notConnected), .unavailable(.refused):
            let event = error.isRefusal ? "the database rejected the connection" : "the database cannot be reached"
            text = "\(event): \(error.detail)\(code)" + (fix.map { "\n  fix: \($0)" } ?? "")
            status = error.isRefusal ? SettingsFaults.exitStatus : HealthCheck.unavailableStatus
        case .unavailable:
            text = "the database does not respond: \(error.detail.isEmpty ? "no connection in time" : error.detail)"
            status = HealthCheck.unavailableStatus
        case .rejected where ["42P01", "42703", "42883"].contains(error.sqlState):
            text = "the schema is not up to date: \(error.detail)\(code)\n  fix: AuthAPI migrate up"
            status = HealthCheck.unavailableStatus
        case .rejected where error.sqlState == "42501":
            text = "\(error.detail)\(code)\n  fix: AuthAPI doctor lists missing privileges"
            status = SettingsFaults.exitStatus
        default:
            text = "the database rejected a statement: \(error.detail)\(code)"
            status = HealthCheck.unavailableStatus
        }
    }
}
