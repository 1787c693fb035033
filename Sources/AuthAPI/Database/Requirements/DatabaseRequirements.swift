import PostgresClient

/// The requirements on a database, which `migrate`, `serve` and `doctor` check.
struct DatabaseRequirements: Sendable {
    /// The purpose of the connection.
    enum Purpose: Sendable {
        /// Migrating, as the role that owns the tables.
        case migrating
        /// Serving requests.
        case serving
    }

    let facts: DatabaseFacts
    let purpose: Purpose
    /// The properties that serving depends on.
    let state: DescribeServing.State
    /// The pending migrations.
    var pending: [Migration] = []
    /// The changes of the schema since the migrations, if all were applied.
    var changes: [SchemaChange] = []
    /// The state of the audit trail's sequence; nil if unknown.
    var sequence: DescribeAuditSequence.State?
    /// The error of reading the history.
    var historyError: PostgresError?
    /// The versions of the collation; nil if unknown.
    var collation: (created: String?, actual: String?)?

    /// All faults, the most severe first.
    var faults: [DatabaseFault] {
        let found = [
            version, encoding, readOnly, standby, schema, foreignHistory, foreignTables, language, migrated, changed,
            rights, rowSecurity, auditSequence, isolation, timeLimits, replicationRole, collationVersion, loggedValues,
        ].flatMap(\.self)
        return found.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
            .map(\.element)
    }

    var database: String { SQLName.identifier(facts.database) }
    var role: String { SQLName.identifier(facts.role) }

    private var version: [DatabaseFault] {
        guard facts.version < 150_000 else { return [] }
        let version = "PostgreSQL \(facts.version / 10_000).\(facts.version % 10_000)"
        return [
            DatabaseFault(
                // The migrations use functions with a standard SQL body, which PostgreSQL 14 introduced.
                weight: facts.version < 140_000 ? .unfit : .advice,
                subject: "version",
                message: "\(version) is too old",
                fix: "upgrade to PostgreSQL 15 or later"
            )
        ]
    }

    /// Other encodings than UTF8 reject some names and addresses, or count bytes as characters.
    private var encoding: [DatabaseFault] {
        guard facts.encoding != "UTF8" else { return [] }
        return [
            DatabaseFault(
                weight: .unfit,
                subject: "encoding",
                message: "the database \(database) has the encoding \(facts.encoding); it must be UTF8",
                fix: "create another database and name it in DATABASE_URL: CREATE DATABASE "
                    + "\(SQLName.identifier(facts.database + "_utf8")) TEMPLATE template0 ENCODING 'UTF8' "
                    + "LOCALE 'C.UTF-8'"
            )
        ]
    }
}

// Schema and tables.
extension DatabaseRequirements {
    /// The schemas of the search path, whether they exist or not.
    private var namedSchemas: [String] { SQLName.schemas(inSearchPath: facts.searchPath, role: facts.role) }

    /// The schema of the migrated tables, if the search path names it.
    private var migratedSchema: String? {
        state.history.flatMap { facts.table($0.isFormer ? MigrationHistory.formerName : MigrationHistory.name)?.schema }
    }

    /// The schema of the search path that this system uses, or would use if it existed.
    private var expectedSchema: String {
        facts.schema ?? namedSchemas.first { $0 != facts.role } ?? namedSchemas.first ?? "public"
    }

    private var schema: [DatabaseFault] {
        let quotedSchema = SQLName.identifier(expectedSchema)
        let exists = facts.schemas.contains(expectedSchema)
        if facts.schema == nil, exists, namedSchemas.contains(expectedSchema) {
            return [
                schemaFault(
                    "permission denied for schema \(expectedSchema) (SQLSTATE 42501)",
                    "GRANT USAGE\(purpose == .migrating ? ", CREATE" : "") ON SCHEMA \(quotedSchema) TO \(role)"
                )
            ]
        }
        if purpose == .serving, let place = facts.historiesElsewhere.first, facts.table(MigrationHistory.name) == nil {
            return [
                schemaFault(
                    "the tables are in the schema \(place), which the search_path \"\(facts.searchPath)\" of the role "
                        + "\(facts.role) does not name",
                    searchPath(place)
                )
            ]
        }
        guard facts.schema != nil else {
            let known = facts.schemas.isEmpty ? "none" : facts.schemas.joined(separator: ", ")
            let creation =
                purpose == .migrating
                ? "CREATE SCHEMA \(quotedSchema) AUTHORIZATION \(role), or correct the search_path"
                : "correct the search_path, or run as the owner of the database: CREATE SCHEMA \(quotedSchema)"
            return [
                schemaFault(
                    "no schema has been selected to create in (SQLSTATE 3F000): the search_path is "
                        + "\"\(facts.searchPath)\" and the database has these schemas: \(known)",
                    exists ? searchPath(expectedSchema) : creation
                )
            ]
        }
        if purpose == .migrating, !pending.isEmpty, let place = migratedSchema, place != facts.schema {
            return [
                schemaFault(
                    "the tables are in the schema \(place), and the search_path \"\(facts.searchPath)\" of the role "
                        + "\(facts.role) creates new ones in \(expectedSchema)",
                    searchPath(place)
                )
            ]
        }
        guard purpose == .migrating, !pending.isEmpty, !facts.mayCreate else { return [] }
        return [
            schemaFault(
                "permission denied for schema \(expectedSchema) (SQLSTATE 42501): the role \(facts.role) may not create "
                    + "tables in it",
                "GRANT CREATE ON SCHEMA \(quotedSchema) TO \(role)"
            )
        ]
    }

    /// The command that sets the search path of the role.
    private func searchPath(_ schema: String) -> String {
        "ALTER ROLE \(role) IN DATABASE \(database) SET search_path = \(SQLName.identifier(schema))"
    }

    private func schemaFault(_ message: String, _ fix: String) -> DatabaseFault {
        DatabaseFault(weight: .blocking, subject: "schema", message: message, fix: fix)
    }

    private var foreignHistory: [DatabaseFault] {
        var found: [DatabaseFault] = []
        if let table = facts.table(MigrationHistory.name), table.columns != MigrationHistory.columns {
            found.append(foreign(table))
        }
        if let table = facts.table(MigrationHistory.formerName), table.columns != MigrationHistory.columns {
            found.append(
                DatabaseFault(
                    weight: .note,
                    subject: "other tables",
                    message: Self.owner(of: table) + "; it is not touched",
                    fix: ""
                )
            )
        }
        return found
    }

    /// Tables with the names of pending migrations.
    private var foreignTables: [DatabaseFault] {
        guard purpose == .migrating || state.history == nil else { return [] }
        let taken = pending.flatMap(\.tables).filter(facts.isTaken).compactMap(facts.table)
        let own = taken.filter(\.hasShape).map(\.name)
        let foreign = taken.filter { !$0.hasShape }.map(foreign)
        guard !own.isEmpty else { return foreign }
        let fault = schemaFault(
            "these tables exist, but \(MigrationHistory.name) does not record the migrations that create them: "
                + own.joined(separator: ", "),
            "restore a complete backup, with this table, into an empty database"
        )
        return foreign + [fault]
    }

    private static func owner(of table: DatabaseFacts.Table) -> String {
        "the table \(table.schema).\(table.name) (\(table.columns)) belongs to another program"
    }

    private func foreign(_ table: DatabaseFacts.Table) -> DatabaseFault {
        schemaFault(Self.owner(of: table), Self.separateSchema(for: facts.role))
    }

    /// How to avoid the names of another program; the owner is known while connected.
    static func separateSchema(for owner: String?) -> String {
        let authorization = owner.map { " AUTHORIZATION \(SQLName.identifier($0))" } ?? ""
        return "give this system a schema: CREATE SCHEMA yoshikosan\(authorization), and add "
            + "options=-csearch_path%3Dyoshikosan to DATABASE_URL and MIGRATION_DATABASE_URL"
    }

    private var language: [DatabaseFault] {
        guard purpose == .migrating, !pending.isEmpty, !facts.hasPLpgSQL else { return [] }
        return [
            schemaFault(
                "language \"plpgsql\" does not exist, or permission denied for it",
                "CREATE EXTENSION IF NOT EXISTS plpgsql; GRANT USAGE ON LANGUAGE plpgsql TO \(role)"
            )
        ]
    }

    /// The schema must be that of this release.
    private var migrated: [DatabaseFault] {
        guard purpose == .serving, schema.isEmpty, foreignTables.isEmpty, !pending.isEmpty else { return [] }
        let message =
            state.history == nil
            ? "the database \(database) has no tables of this system that the role \(facts.role) can use"
            : "pending: \(pending.map(\.file).joined(separator: ", "))"
        return [schemaFault(message, Self.migrate)]
    }

    /// Another program's tables, in a schema that the search path names before that of the migrated tables.
    private var hidingTables: [DatabaseFacts.Table] {
        guard let place = facts.table(MigrationHistory.name)?.schema else { return [] }
        return facts.tables.filter { table in table.schema != place && changes.contains { $0.table == table.name } }
    }

    private var changed: [DatabaseFault] {
        let place = facts.table(MigrationHistory.name)?.schema ?? expectedSchema
        let hiding = hidingTables
        let own = changes.filter { change in !hiding.contains { $0.name == change.table } }
        return hiding.map { schemaFault(Self.owner(of: $0) + " and hides that of \(place)", searchPath(place)) }
            + own.map(\.fault)
    }

    private var rights: [DatabaseFault] {
        if let historyError, foreignHistory.isEmpty {
            return [privilegeFault("\(historyError.detail) (SQLSTATE \(historyError.sqlState ?? ""))")]
        }
        guard purpose == .serving, pending.isEmpty else { return [] }
        // Granting privileges does not help if the table or function is missing.
        let hiding = hidingTables
        let missing = state.missing.split(separator: " ").filter { name in
            !hiding.contains { $0.name == name }
                && !changes.contains { $0.name == name || $0.name.hasPrefix("\(name)(") }
        }
        guard !missing.isEmpty else { return [] }
        return [privilegeFault("the role \(facts.role) may not use \(missing.joined(separator: " "))")]
    }

    private func privilegeFault(_ message: String) -> DatabaseFault {
        DatabaseFault(weight: .blocking, subject: "privileges", message: message, fix: Self.migrate)
    }

    private static let migrate = "run as the owner: AuthAPI migrate up"

    private var rowSecurity: [DatabaseFault] {
        let ours = Set([MigrationHistory.name] + Migrations.all.flatMap(\.tables))
            .subtracting(pending.flatMap(\.tables))
        return facts.tables.filter { ours.contains($0.name) && $0.hidesRows }.map { table in
            let relation = SQLName.relation(table.schema, table.name)
            return DatabaseFault(
                weight: table.hasPolicy ? .note : .blocking,
                subject: "row security",
                message: table.hasPolicy
                    ? "policies of \(relation) decide which rows the role \(facts.role) sees"
                    : "row security of \(relation) does not let the role \(facts.role) read and add rows",
                fix: "ALTER TABLE \(relation) NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
            )
        }
    }
}
