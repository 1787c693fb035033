// Settings of the role, the database or the server.
extension DatabaseRequirements {
    var readOnly: [DatabaseFault] {
        let message = "cannot execute INSERT in a read-only transaction (SQLSTATE 25006)"
        if facts.isStandby {
            return [
                DatabaseFault(
                    weight: .blocking,
                    subject: "read-only",
                    message: "\(message): the server is a standby",
                    fix: "name the primary, or all servers and target_session_attrs=read-write, in DATABASE_URL"
                )
            ]
        }
        guard facts.settings["transaction_read_only"]?.value == "on" else { return [] }
        let name = "default_transaction_read_only"
        return [
            DatabaseFault(
                weight: .blocking,
                subject: "read-only",
                message: "\(message): \(name) is on (\(facts.settings[name]?.source ?? "unknown source")); "
                    + "some hosts switch it on when the disk is full",
                fix: reset(name, to: "off")
            )
        ]
    }

    var standby: [DatabaseFault] {
        guard state.lacksStandby else { return [] }
        return [
            DatabaseFault(
                weight: .blocking,
                subject: "replication",
                message: "commits wait for a standby (synchronous_standby_names), and too few of those are connected",
                fix: "start the standby, correct the names, or run: ALTER SYSTEM SET synchronous_standby_names = ''; "
                    + "SELECT pg_reload_conf()"
            )
        ]
    }

    /// How to change a setting, by its source.
    func reset(_ name: String, to value: String) -> String {
        switch facts.settings[name]?.source {
        case "database": "ALTER DATABASE \(database) RESET \(name)"
        case "user": "ALTER ROLE \(role) RESET \(name)"
        case "database user": "ALTER ROLE \(role) IN DATABASE \(database) RESET \(name)"
        case "global": "ALTER ROLE ALL RESET \(name)"
        case "client", "session", "environment variable": "remove \(name) from DATABASE_URL or PGOPTIONS"
        case "command line": "remove \(name) from the command line of PostgreSQL and restart it"
        default: "ALTER SYSTEM SET \(name) = '\(value)'; SELECT pg_reload_conf()"
        }
    }

    var loggedValues: [DatabaseFault] {
        func value(_ name: String) -> String { facts.settings[name]?.value ?? "" }
        let logsStatements = value("log_statement") != "none" || value("log_min_duration_statement") != "-1"
        let shown = [
            logsStatements && value("log_parameter_max_length") != "0" ? "log_parameter_max_length" : nil,
            value("log_parameter_max_length_on_error") != "0" ? "log_parameter_max_length_on_error" : nil,
        ].compactMap(\.self)
        guard !shown.isEmpty, !facts.settings.isEmpty else { return [] }
        return [
            DatabaseFault(
                weight: .note,
                subject: "server log",
                message: "PostgreSQL logs parameter values, including email addresses",
                fix: shown.map { "ALTER SYSTEM SET \($0) = 0" }.joined(separator: "; ") + "; SELECT pg_reload_conf()"
            )
        ]
    }

    func setting(_ name: String, _ message: String, to value: String, subject: String) -> DatabaseFault {
        DatabaseFault(weight: .advice, subject: subject, message: message, fix: reset(name, to: value))
    }

    /// The statements require read committed; stricter levels reject some of them when they run concurrently.
    var isolation: [DatabaseFault] {
        let name = "default_transaction_isolation"
        guard let value = facts.settings[name]?.value, !["read committed", "read uncommitted"].contains(value) else {
            return []
        }
        let message = "\(name) is \(value): concurrent requests are rejected (SQLSTATE 40001)"
        return [setting(name, message, to: "read committed", subject: "isolation")]
    }

    var timeLimits: [DatabaseFault] {
        let names = ["statement_timeout", "lock_timeout", "transaction_timeout", "idle_in_transaction_session_timeout"]
        return names.compactMap { name in
            guard let value = facts.settings[name]?.value, let milliseconds = Int(value),
                (1..<500).contains(milliseconds)
            else { return nil }
            let message = "\(name) is \(milliseconds) ms: statements are cancelled before they finish"
            return setting(name, message, to: "0", subject: "time limits")
        }
    }

    var replicationRole: [DatabaseFault] {
        let name = "session_replication_role"
        guard let value = facts.settings[name]?.value, value != "origin" else { return [] }
        let message = "\(name) is \(value): triggers and foreign keys are not enforced"
        return [setting(name, message, to: "origin", subject: "triggers")]
    }

    /// After an upgrade of the operating system's libraries, indexes on text can have the wrong order.
    var collationVersion: [DatabaseFault] {
        guard let collation, let created = collation.created, let actual = collation.actual, created != actual else {
            return []
        }
        return [
            DatabaseFault(
                weight: .advice,
                subject: "collation",
                message:
                    "the database was created with collation version \(created), the operating system has \(actual): "
                    + "indexes on text may be corrupt",
                fix: "REINDEX DATABASE \(database); ALTER DATABASE \(database) REFRESH COLLATION VERSION"
            )
        ]
    }
}
