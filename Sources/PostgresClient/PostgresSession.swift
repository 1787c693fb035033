/// What the server keeps for one connection.
package struct PostgresSession {
    /// Whether a pooler in between may run each transaction on another connection of the server's: then nothing lasts
    /// from one to the next, neither prepared statements nor settings nor locks.
    package var isShared = false
    /// What begins a transaction.
    package var begin = "BEGIN"
}

/// What stands between this program and the server, as `DATABASE_POOLER` says.
package enum DatabasePooler: String, CaseIterable, Sendable {
    /// Found out for each connection.
    case automatic = "auto"
    /// Nothing, or a pooler that keeps a connection of the server's for each of ours.
    case session
    /// A pooler that may use another connection of the server's for each transaction.
    case transaction
}

extension PostgresConfiguration {
    /// What limits a transaction, as settings of the server.
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

    /// What the statements of this program rely on, whatever database, role or environment say.
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
    /// Finds out whether a pooler shares the server's connections, and settles what must be the same everywhere.
    ///
    /// Not by the start parameter `options`, which PgBouncer refuses. Throws `PostgresError` of kind `.notConnected` or
    /// `.refused`.
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
            // PgBouncer's words about a mode that cannot work.
            let isFinal = error.detail.contains("statement pooling mode")
            let reason = isFinal ? PostgresError.Unavailability.refused : .notConnected
            var refusal = PostgresError.unavailable(reason, error.detail, statement: error.statement)
            refusal.sqlState = error.sqlState
            throw refusal
        }
    }

    /// Whether it is not the server itself that answers: the process that was announced is not the one that works.
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
            // Without it the server carries a statement on, lock and all, after its client has died.
            _ = try run("SET client_connection_check_interval = '1s'", name: "Settings")
        } catch {
            // Not every system can tell a server that a client has gone.
            guard case .rejected = error.kind else { throw error }
        }
    }

    /// Behind a shared connection, what cannot be set for each transaction must be so already.
    private func settleShared(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let limits = configuration.limitSettings.map { "; SET LOCAL \($0.name) = '\($0.value)'" }
        session.begin = "BEGIN ISOLATION LEVEL READ COMMITTED" + limits.joined()
        // There must be transactions, which a pooler in statement mode refuses.
        _ = try run(session.begin, name: "Settings")
        _ = try run("COMMIT", name: "Settings")
        let pooler = "a pooler shares the server's connections between clients"
        if configuration.value(of: "options")?.isEmpty == false {
            throw .unavailable(
                .refused,
                "\(pooler), so `options` in the connection string have no effect; set them for the role: ALTER ROLE … SET …"
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
