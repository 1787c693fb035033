/// One row of `schema_migrations`.
struct MigrationRecord: Sendable {
    /// The number.
    let version: Int32
    /// What the change is called.
    let name: String
    /// SHA-256 of the SQL as it was applied.
    let checksum: [UInt8]
    /// When, in UTC.
    let appliedAt: String
}

/// Waits for the lock that one migrator at a time holds, until the end of the transaction.
struct LockMigrations: Statement {
    // The number is arbitrary, and ours alone in this database.
    static let sql: StaticString = "SELECT pg_advisory_xact_lock(7233190226811034)"
}

/// Asks whether `schema_migrations` exists.
struct FindHistory: Statement {
    static let sql: StaticString = "SELECT to_regclass('schema_migrations') IS NOT NULL"
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

/// Makes `schema_migrations`.
struct CreateHistory: Statement {
    static let sql: StaticString = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer CONSTRAINT schema_migrations_pkey PRIMARY KEY,
            name text NOT NULL,
            checksum bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
}

/// Reads every record, by number.
struct SelectRecords: Statement {
    static let sql: StaticString = """
        SELECT version, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        FROM schema_migrations
        ORDER BY version
        """
    static func decode(_ row: PostgresRow) throws -> MigrationRecord {
        MigrationRecord(
            version: try row.int4(0),
            name: try row.text(1),
            checksum: try row.bytes(2),
            appliedAt: try row.text(3)
        )
    }
}

/// Reads the numbers alone.
struct SelectVersions: ReadStatement {
    static let sql: StaticString = "SELECT version FROM schema_migrations"
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}

/// Records a migration.
struct InsertRecord: Statement {
    static let sql: StaticString = "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)"
    /// The migration just applied.
    let migration: Migration
    var parameters: [PostgresValue] {
        [.int4(migration.version), .text(migration.name), .bytes(migration.checksum)]
    }
}

/// Removes the record of a migration that was taken back.
struct DeleteRecord: Statement {
    static let sql: StaticString = "DELETE FROM schema_migrations WHERE version = $1"
    /// The number.
    let version: Int32
    var parameters: [PostgresValue] { [.int4(version)] }
}
