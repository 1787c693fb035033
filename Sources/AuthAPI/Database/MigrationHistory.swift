import PostgresClient

/// The table that records which migrations a database has.
///
/// New databases have it under a name that no other program uses. Rails, golang-migrate and others also use the name of
/// the first releases, so a table with that name counts only if it has our columns.
struct MigrationHistory: Sendable {
    /// The name in new databases.
    static let name = "yoshikosan_schema_migrations"
    /// The name in databases that the first releases created.
    static let formerName = "schema_migrations"
    /// The columns in the format of `format_type`, without the quotes that `quote_all_identifiers` adds.
    static let columns = "version integer, name text, checksum bytea, applied_at timestamp with time zone"

    /// Whether the table has the old name.
    let isFormer: Bool

    /// The table of this database; nil when there is none.
    static func find(_ db: PostgresConnection) throws -> MigrationHistory? {
        try db.one(DescribeServing()).history
    }

    /// Creates the table.
    static func create(_ db: PostgresConnection) throws -> MigrationHistory {
        try db.run(CreateHistory())
        return MigrationHistory(isFormer: false)
    }

    /// Every record, by number.
    func records(_ db: PostgresConnection) throws -> [MigrationRecord] {
        isFormer ? try db.all(SelectRecords<FormerTable>()) : try db.all(SelectRecords<OwnTable>())
    }

    /// The numbers only.
    func versions(_ db: PostgresReader) throws -> [Int32] {
        isFormer ? try db.all(SelectVersions<FormerTable>()) : try db.all(SelectVersions<OwnTable>())
    }

    /// Records a migration.
    func insert(_ migration: Migration, _ db: PostgresConnection) throws {
        if isFormer {
            try db.run(InsertRecord<FormerTable>(migration: migration))
        } else {
            try db.run(InsertRecord<OwnTable>(migration: migration))
        }
    }

    /// Removes the record of a reverted migration.
    func delete(_ version: Int32, _ db: PostgresConnection) throws {
        if isFormer {
            try db.run(DeleteRecord<FormerTable>(version: version))
        } else {
            try db.run(DeleteRecord<OwnTable>(version: version))
        }
    }
}

/// One row of the history.
struct MigrationRecord: Sendable {
    /// The number.
    let version: Int32
    let name: String
    /// The SHA-256 of the applied SQL.
    let checksum: [UInt8]
    /// The time in UTC.
    let appliedAt: String
}
