import PostgresClient
import Shared

/// The message for operators when a database operation fails: the error of the program that refused it, and the command
/// that fixes it.
struct DatabaseExplanation: Sendable, Equatable {
    let text: String
    /// The exit status: 78 when the configuration must be changed, 69 when the database is unavailable or busy.
    let status: Int32

    /// Explains an error.
    ///
    /// - Parameters:
    ///   - error: the error of the database, or of libpq.
    ///   - configuration: the connection.
    init(_ error: PostgresError, _ configuration: PostgresConfiguration? = nil) {
        let code = error.sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let resolved = configuration.flatMap { try? PostgresReach.resolve($0) }
        let fix = error.connectionFix(role: resolved?.user ?? configuration?.user, database: resolved?.database)
        switch error.kind {
        case .unavailable(.notConnected), .unavailable(.refused):
            // Only a server that responds sends a code.
            let isRejected = error.isRefusal || error.sqlState != nil
            let event =
                error.isWrongServer
                ? "no server meets target_session_attrs"
                : isRejected ? "the database rejected the connection" : "the database cannot be reached"
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
        case .rejected where error.sqlState == "25006":
            text = "the database is read-only: \(error.detail)\(code)\n  fix: AuthAPI doctor prints the cause"
            status = HealthCheck.unavailableStatus
        case .rejected where error.sqlState == "23503":
            text = "\(error.detail)\(code)\n  fix: AuthAPI doctor lists foreign keys that reject the deletion of rows"
            status = SettingsFaults.exitStatus
        case .decoding:
            let column = error.column.map { " \"\($0)\"" } ?? ""
            text = "unexpected data\(column): \(error.detail)\n  fix: AuthAPI doctor lists changes of the schema"
            status = SettingsFaults.exitStatus
        default:
            text = "the database rejected a statement: \(error.detail)\(code)"
            status = HealthCheck.unavailableStatus
        }
    }
}
