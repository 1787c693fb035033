/// The properties of one connection's session.
package struct PostgresSession {
    /// Whether a pooler may run each transaction on another server connection: then nothing persists between
    /// transactions, neither prepared statements nor settings nor locks.
    package var isShared = false
    /// The command that begins a transaction.
    package var begin = "BEGIN"
}

/// The pooler between this program and the server (`DATABASE_POOLER`).
package enum DatabasePooler: String, CaseIterable, Sendable {
    /// Detected for each connection.
    case automatic = "auto"
    /// No pooler, or one that keeps a server connection for each client connection.
    case session
    /// A pooler that may use another server connection for each transaction.
    case transaction
}

extension PostgresConfiguration {
    /// The server settings that limit a transaction.
    package var limitSettings: [(name: String, value: String)] {
        [
            (name: "statement_timeout", value: String(statementTimeout?.milliseconds ?? 0)),
            (name: "lock_timeout", value: String(lockTimeout?.milliseconds ?? 0)),
            (
                name: "idle_in_transaction_session_timeout",
                value: String(idleInTransactionTimeout?.milliseconds ?? 0)
            ),
        ]
    }

    /// The settings that this program's statements rely on, whatever database, role or environment set.
    ///
    /// `search_path` and `default_transaction_read_only` are the operator's.
    package static let pinnedSettings: [(name: String, value: String)] = [
        (name: "default_transaction_isolation", value: "read committed"),
        (name: "standard_conforming_strings", value: "on"),
        (name: "DateStyle", value: "ISO"),
        (name: "TimeZone", value: "UTC"),
        (name: "client_min_messages", value: "warning"),
    ]
}

extension PostgresLink {
    /// Detects a pooler that shares server connections, and sets the session's settings.
    ///
    /// Does not use the startup parameter `options`, which PgBouncer rejects. Throws `PostgresError` of kind
    /// `.notConnected` or `.refused`.
    package func settle(_ configuration: PostgresConfiguration) throws(PostgresError) {
        do throws(PostgresError) {
            session.isShared =
                switch configuration.pooler {
                case .session: false
                case .transaction: true
                case .automatic: try isThroughPooler()
                }
            if session.isShared {
                try settleShared(configuration)
            } else {
                try settleOwn(configuration)
            }
        } catch {
            guard case .rejected = error.kind else { throw error }
            // PgBouncer's message about statement mode or its admin console.
            let isFinal = PostgresError.isPoolerRefusal(error.detail)
            let reason = isFinal ? PostgresError.Unavailability.refused : .notConnected
            var refusal = PostgresError.unavailable(reason, error.detail, statement: error.statement)
            refusal.sqlState = error.sqlState
            throw refusal
        }
    }

    /// Whether a pooler responds instead of the server: the announced process ID is not that of the serving process.
    private func isThroughPooler() throws(PostgresError) -> Bool {
        let process = try run("SELECT pg_backend_pid()", name: "FindPooler").text(row: 0, column: 0)
        return process != String(announcedProcess)
    }

    private func settleOwn(_ configuration: PostgresConfiguration) throws(PostgresError) {
        var settings = configuration.limitSettings + PostgresConfiguration.pinnedSettings
        if serverVersion >= 140_000 { settings.append((name: "idle_session_timeout", value: "0")) }
        if serverVersion >= 170_000 { settings.append((name: "transaction_timeout", value: "0")) }
        _ = try run(settings.map { "SET \($0.name) = '\($0.value)'" }.joined(separator: "; "), name: "Settings")
        guard serverVersion >= 140_000 else { return }
        do throws(PostgresError) {
            // Without it the server continues a statement, with its locks, after the client has died.
            _ = try run("SET client_connection_check_interval = '1s'", name: "Settings")
        } catch {
            // Not every system can detect that a client has disconnected.
            guard case .rejected = error.kind else { throw error }
        }
    }

    /// On a shared connection, settings that cannot be set for each transaction must already have the right value.
    private func settleShared(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let limits = configuration.limitSettings.map { "; SET LOCAL \($0.name) = '\($0.value)'" }
        session.begin = "BEGIN ISOLATION LEVEL READ COMMITTED" + limits.joined()
        // Transactions are required; a pooler in statement mode rejects them.
        _ = try run(session.begin, name: "Settings")
        _ = try run("COMMIT", name: "Settings")
        let pooler = "a pooler shares the server's connections between clients"
        if !options.isEmpty {
            throw .unavailable(
                .refused,
                "\(pooler), so `options` in the connection string, a service file or PGOPTIONS have no effect; set them for "
                    + "the role: ALTER ROLE … SET …"
            )
        }
        for setting in PostgresConfiguration.pinnedSettings.prefix(2) {
            let found = try run("SHOW \(setting.name)", name: "Settings").text(row: 0, column: 0) ?? ""
            guard found == setting.value else {
                let command = "ALTER ROLE \"\(configuration.user ?? "…")\" SET \(setting.name) = '\(setting.value)'"
                throw .unavailable(
                    .refused,
                    "\(pooler), and \(setting.name) is \(found) there instead of \(setting.value); run: \(command)"
                )
            }
        }
    }

    private func run(_ text: String, name: String) throws(PostgresError) -> PostgresResult {
        let bytes = Array(text.utf8CString)
        return try unsafe run(bytes, name: name)
    }
}
