import PostgresClient

/// Tries to acquire the migrators' lock until the end of the transaction; false when another migrator has it.
struct TryLockMigrations: Statement {
    // The number is arbitrary, and not used otherwise in this database.
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(7233190226811034)"
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

/// Creates the history table.
struct CreateHistory: Statement {
    static let sql: StaticString = """
        CREATE TABLE yoshikosan_schema_migrations (
            version integer CONSTRAINT yoshikosan_schema_migrations_pkey PRIMARY KEY,
            name text NOT NULL,
            checksum bytea NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
}

/// The statements on the history under one of its names; SQL text is never built at run time.
protocol HistoryTable: Sendable {
    static var selectRecords: StaticString { get }
    static var selectVersions: StaticString { get }
    static var insertRecord: StaticString { get }
    static var deleteRecord: StaticString { get }
}

/// The name in new databases.
enum OwnTable: HistoryTable {
    static let selectRecords: StaticString = """
        SELECT version, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        FROM yoshikosan_schema_migrations ORDER BY version
        """
    static let selectVersions: StaticString = "SELECT version FROM yoshikosan_schema_migrations"
    static let insertRecord: StaticString =
        "INSERT INTO yoshikosan_schema_migrations (version, name, checksum) VALUES ($1, $2, $3)"
    static let deleteRecord: StaticString = "DELETE FROM yoshikosan_schema_migrations WHERE version = $1"
}

/// The name in databases that the first releases created.
enum FormerTable: HistoryTable {
    static let selectRecords: StaticString = """
        SELECT version, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        FROM schema_migrations ORDER BY version
        """
    static let selectVersions: StaticString = "SELECT version FROM schema_migrations"
    static let insertRecord: StaticString =
        "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)"
    static let deleteRecord: StaticString = "DELETE FROM schema_migrations WHERE version = $1"
}

/// Selects every record, by number.
struct SelectRecords<Table: HistoryTable>: Statement {
    static var sql: StaticString { Table.selectRecords }
    static func decode(_ row: PostgresRow) throws -> MigrationRecord {
        MigrationRecord(
            version: try row.int4(0),
            name: try row.text(1),
            checksum: try row.bytes(2),
            appliedAt: try row.text(3)
        )
    }
}

/// Selects the numbers only.
struct SelectVersions<Table: HistoryTable>: ReadStatement {
    static var sql: StaticString { Table.selectVersions }
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}

/// Records a migration.
struct InsertRecord<Table: HistoryTable>: Statement {
    static var sql: StaticString { Table.insertRecord }
    /// The applied migration.
    let migration: Migration
    var parameters: [PostgresValue] {
        [.int4(migration.version), .text(migration.name), .bytes(migration.checksum)]
    }
}

/// Removes the record of a reverted migration.
struct DeleteRecord<Table: HistoryTable>: Statement {
    static var sql: StaticString { Table.deleteRecord }
    /// The number.
    let version: Int32
    var parameters: [PostgresValue] { [.int4(version)] }
}
