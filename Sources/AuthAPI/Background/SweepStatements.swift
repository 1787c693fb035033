import PostgresClient

/// Tries to acquire the lock for the removal of rows of one kind until the end of the transaction; false when another
/// replica has it.
enum TryLockSweep: String, Statement {
    case sessions, throttles
    case events = "audit"

    static let sql: StaticString =
        "SELECT pg_try_advisory_xact_lock(hashtextextended('yoshikosan.' || $1 || '.sweep', 0))"
    var parameters: [PostgresValue] { [.text(rawValue)] }
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}
