import PostgresClient

/// Checks ``DatabaseRequirements`` on a connection.
enum DatabaseInspection {
    /// Checks the requirements.
    ///
    /// - Parameters:
    ///   - db: the connection, with the role of the purpose.
    ///   - purpose: the purpose of the connection.
    ///   - migrations: the migrations of this release.
    /// - Returns: all faults, the most severe first.
    /// - Throws: `PostgresError`.
    static func faults(
        on db: PostgresReader,
        for purpose: DatabaseRequirements.Purpose,
        migrations: [Migration] = Migrations.all
    ) throws -> [DatabaseFault] {
        let names = [MigrationHistory.name, MigrationHistory.formerName] + Migrations.all.flatMap(\.tables)
        let facts = try db.one(DescribeDatabase(tables: names))
        let state = try db.one(DescribeServing())
        var requirements = DatabaseRequirements(facts: facts, purpose: purpose, state: state)
        do {
            let applied = try state.history.map { Set(try $0.versions(db)) } ?? []
            requirements.pending = migrations.filter { !applied.contains($0.version) }
            if applied.isSuperset(of: Migrations.all.map(\.version)) { requirements.changes = try SchemaChange.all(db) }
        } catch let error as PostgresError where ["42501", "42703"].contains(error.sqlState) {
            // Another program's columns, or no privilege to read ours.
            requirements.historyError = error
        }
        if facts.version >= 150_000 { requirements.collation = try db.one(DescribeCollation()) }
        return requirements.faults
    }
}
