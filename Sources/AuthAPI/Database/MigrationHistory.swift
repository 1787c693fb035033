import PostgresClient

/// The table that records which migrations a database has.
///
/// New databases have it under a name that no other program uses. The name that the first releases gave it is used by
/// Rails, golang-migrate and others, too, so a table of that name counts only when its columns are ours.
struct MigrationHistory: Sendable {
    /// The name in new databases.
    static let name = "yoshikosan_schema_migrations"
    /// The name in databases that the first releases created.
    static let formerName = "schema_migrations"
    /// What the columns are, as `format_type` writes them, without the quotes that `quote_all_identifiers` adds.
    static let columns = "version integer, name text, checksum bytea, applied_at timestamp with time zone"

    /// Whether the table has the former name.
    let isFormer: Bool

    /// The table of this database; nil when it has none.
    static func find(_ db: PostgresConnection) throws -> MigrationHistory? {
        try db.one(FindHistory()).map { MigrationHistory(isFormer: $0 == formerName) }
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

    /// The numbers alone.
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

    /// Removes the record of a migration that was taken back.
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
    /// What the change is called.
    let name: String
    /// SHA-256 of the SQL as it was applied.
    let checksum: [UInt8]
    /// When, in UTC.
    let appliedAt: String
}
