import FoundationEssentials
import PostgresClient

/// When a backup and a restore drill last succeeded, recorded by scripts/backup.
struct BackupStatus: Sendable {
    /// The time of the last backup; nil if none was recorded.
    let backup: Date?
    /// The time of the last restore drill; nil if none was recorded.
    let drill: Date?

    /// An older backup is a problem, because backups are daily.
    ///
    /// In seconds.
    static let maximumAge: TimeInterval = 2 * 86_400
    /// An older drill is mentioned.
    ///
    /// In seconds.
    static let maximumDrillAge: TimeInterval = 30 * 86_400

    /// Evaluates the status.
    ///
    /// - Parameter now: the time on the database server.
    /// - Returns: the findings.
    func finding(now: Date) -> Finding {
        guard let backup else {
            let advice = "COMPOSE_PROFILES=backup, or: make docker-backup, make db-backup"
            return .note("backups", "none has been recorded", advice)
        }
        let age = now.timeIntervalSince(backup)
        let last = "the last backup succeeded \(Self.text(age)) ago"
        guard age <= Self.maximumAge else {
            return .fix("backups", last, "find the reason: docker compose logs backup, or the log of make db-backup")
        }
        let drillAge = drill.map(now.timeIntervalSince)
        let lastDrill =
            drillAge.map { "the last restore drill \(Self.text($0)) ago" } ?? "no restore drill has succeeded"
        if let drillAge, drillAge <= Self.maximumDrillAge { return .ok("backups", "\(last), \(lastDrill)") }
        return .note("backups", "\(last), \(lastDrill)", "make docker-restore-drill, or: make db-restore-drill")
    }

    private static func text(_ age: TimeInterval) -> String {
        let hours = Int(max(0, age) / 3600)
        return hours < 48 ? Operator.count(hours, "hour") : "\(hours / 24) days"
    }
}

/// Reads the status, and the time on the server.
struct FindBackupStatus: ReadStatement {
    static let sql: StaticString = """
        SELECT (SELECT succeeded_at FROM backup_status WHERE kind = 'backup'),
            (SELECT succeeded_at FROM backup_status WHERE kind = 'drill'), clock_timestamp()
        """

    static func decode(_ row: PostgresRow) throws -> (status: BackupStatus, now: Date) {
        let status = BackupStatus(backup: try row.optionalTimestamp(0), drill: try row.optionalTimestamp(1))
        return (status, try row.timestamp(2))
    }
}
