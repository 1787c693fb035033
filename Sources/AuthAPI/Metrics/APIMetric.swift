import Shared

/// The API's metrics, with their descriptions.
enum APIMetric {
    static let signIns = "auth_sign_ins_total"
    static let registrations = "auth_registrations_total"
    static let accessChecks = "auth_access_checks_total"
    static let accessCheckTime = "auth_access_check_seconds"
    static let sessions = "auth_sessions_live"
    static let outdatedHashes = "auth_passwords_outdated"
    static let backups = "auth_backup_last_success_timestamp_seconds"
    static let hashingWaiting = "auth_hashing_waiting"
    static let hashingBusy = "auth_hashing_busy"
    static let hashingWait = "auth_hashing_wait_seconds"
    static let hashingRejected = "auth_hashing_refused_total"
    static let databaseWaiting = "auth_database_waiting"
    static let databaseBusy = "auth_database_busy"
    static let databaseConnections = "auth_database_connections"
    static let databaseConnects = "auth_database_connects_total"
    static let databaseWait = "auth_database_wait_seconds"
    static let databaseRejected = "auth_database_refused_total"

    static let descriptions = [
        MetricDescription(signIns, .counter, "Sign-in attempts by method and outcome."),
        MetricDescription(registrations, .counter, "Registration attempts by outcome."),
        MetricDescription(accessChecks, .counter, "Checks of requests to the application, by outcome."),
        MetricDescription(accessCheckTime, .durations, "Time that checks of requests to the application took."),
        MetricDescription(sessions, .gauge, "Live sessions in the database."),
        MetricDescription(outdatedHashes, .gauge, "Passwords hashed with outdated parameters."),
        MetricDescription(backups, .gauge, "Unix time of the last successful backup and restore drill, by kind."),
        MetricDescription(hashingWaiting, .gauge, "Password checks waiting for a thread."),
        MetricDescription(hashingBusy, .gauge, "Threads checking a password."),
        MetricDescription(hashingWait, .durations, "Time password checks waited for a thread."),
        MetricDescription(hashingRejected, .counter, "Password checks rejected because the queue was full."),
        MetricDescription(databaseWaiting, .gauge, "Requests waiting for a database connection."),
        MetricDescription(databaseBusy, .gauge, "Database connections in use."),
        MetricDescription(databaseConnections, .gauge, "Open database connections."),
        MetricDescription(databaseConnects, .counter, "Database connections opened, including reconnections."),
        MetricDescription(databaseWait, .durations, "Time requests waited for a database connection."),
        MetricDescription(databaseRejected, .counter, "Requests rejected for lack of a connection, by reason."),
    ]
}
