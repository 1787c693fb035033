import PostgresClient

/// Checks ``DatabaseRequirements`` on a connection.
enum DatabaseInspection {
    /// The subject of the fault that the server is not PostgreSQL.
    static let serverSubject = "server"

    /// A function, column or table does not exist, a syntax error, an unsupported feature.
    ///
    /// ``DescribeDatabase`` reads only the catalog, which every supported version of PostgreSQL has.
    private static let missing: Set<String> = ["42883", "42703", "42P01", "42601", "0A000"]

    private static func unsupported(_ error: PostgresError) -> DatabaseFault {
        DatabaseFault(
            weight: .unfit,
            subject: serverSubject,
            message: "the server does not behave like PostgreSQL 15 or later: \(error.detail) "
                + "(SQLSTATE \(error.sqlState ?? ""))",
            fix: "use PostgreSQL 15 or later; servers that only share its protocol are not supported"
        )
    }

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
        let facts: DatabaseFacts
        do {
            facts = try db.one(DescribeDatabase(tables: names))
        } catch let error as PostgresError where missing.contains(error.sqlState ?? "") {
            return [unsupported(error)]
        }
        let state = try db.one(DescribeServing())
        var requirements = DatabaseRequirements(facts: facts, purpose: purpose, state: state)
        do {
            let applied = try state.history.map { Set(try $0.versions(db)) } ?? []
            // What row security hides is not pending.
            let isHidden = state.hidden.split(separator: " ").contains { $0 == MigrationHistory.name }
            requirements.pending = isHidden ? [] : migrations.filter { !applied.contains($0.version) }
            if applied.isSuperset(of: Migrations.all.map(\.version)) {
                requirements.changes = try SchemaChange.all(db)
                if state.readsSequence, state.missing.isEmpty, !requirements.changes.contains(where: \.isBlocking) {
                    requirements.sequence = try db.one(DescribeAuditSequence())
                }
            }
        } catch let error as PostgresError where ["42501", "42703"].contains(error.sqlState) {
            // Another program's columns, or no privilege to read ours.
            requirements.historyError = error
        }
        if facts.version >= 150_000 { requirements.collation = try db.one(DescribeCollation()) }
        return requirements.faults
    }
}
