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
    /// The error of reading the history.
    var historyError: PostgresError?
    /// The versions of the collation; nil if unknown.
    var collation: (created: String?, actual: String?)?

    /// All faults, the most severe first.
    var faults: [DatabaseFault] {
        let found =
            version + encoding + readOnly + schema + foreignHistory + foreignTables + language + migrated + changed
            + rights + rowSecurity + isolation + timeLimits + replicationRole + collationVersion + loggedValues
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
    /// The schema of the search path that this system uses, or would use if it existed.
    private var expectedSchema: String {
        let named = SQLName.schemas(inSearchPath: facts.searchPath, role: facts.role)
        return facts.schema ?? named.first { $0 != facts.role } ?? named.first ?? "public"
    }

    private var schema: [DatabaseFault] {
        let quotedSchema = SQLName.identifier(expectedSchema)
        guard facts.schema != nil else {
            if facts.schemas.contains(expectedSchema) {
                return [
                    schemaFault(
                        "permission denied for schema \(expectedSchema) (SQLSTATE 42501)",
                        "GRANT USAGE\(purpose == .migrating ? ", CREATE" : "") ON SCHEMA \(quotedSchema) TO \(role)"
                    )
                ]
            }
            let known = facts.schemas.isEmpty ? "none" : facts.schemas.joined(separator: ", ")
            return [
                schemaFault(
                    "no schema has been selected to create in (SQLSTATE 3F000): the search_path is "
                        + "\"\(facts.searchPath)\" and the database has these schemas: \(known)",
                    purpose == .migrating
                        ? "CREATE SCHEMA \(quotedSchema) AUTHORIZATION \(role), or correct the search_path"
                        : "correct the search_path, or run as the owner of the database: CREATE SCHEMA \(quotedSchema)"
                )
            ]
        }
        if purpose == .serving, !facts.historiesElsewhere.isEmpty, facts.table(MigrationHistory.name) == nil {
            let place = facts.historiesElsewhere[0]
            return [
                schemaFault(
                    "the tables are in the schema \(place), which the search_path \"\(facts.searchPath)\" of the role "
                        + "\(facts.role) does not name",
                    "ALTER ROLE \(role) IN DATABASE \(database) SET search_path = \(SQLName.identifier(place))"
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

    /// Tables of other programs with the names of pending migrations.
    private var foreignTables: [DatabaseFault] {
        guard purpose == .migrating || state.history == nil else { return [] }
        return pending.flatMap(\.tables).filter(facts.isTaken).compactMap(facts.table).map(foreign)
    }

    private static func owner(of table: DatabaseFacts.Table) -> String {
        "the table \(table.schema).\(table.name) (\(table.columns)) belongs to another program"
    }

    private func foreign(_ table: DatabaseFacts.Table) -> DatabaseFault {
        schemaFault(
            Self.owner(of: table),
            "give this system a schema: CREATE SCHEMA yoshikosan AUTHORIZATION \(role), and add "
                + "options=-csearch_path%3Dyoshikosan to DATABASE_URL and MIGRATION_DATABASE_URL"
        )
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
            ? "there is none that this role can use" : "pending: \(pending.map(\.file).joined(separator: ", "))"
        return [schemaFault(message, Self.migrate)]
    }

    private var changed: [DatabaseFault] { changes.map(\.fault) }

    private var rights: [DatabaseFault] {
        if let historyError, foreignHistory.isEmpty {
            return [privilegeFault("\(historyError.detail) (SQLSTATE \(historyError.sqlState ?? ""))")]
        }
        guard purpose == .serving, pending.isEmpty else { return [] }
        // Granting privileges does not help if the table or function is missing.
        let missing = state.missing.split(separator: " ").filter { name in
            !changes.contains { $0.name == name || $0.name.hasPrefix("\(name)(") }
        }
        guard !missing.isEmpty else { return [] }
        return [privilegeFault("the role \(facts.role) may not use \(missing.joined(separator: " "))")]
    }

    private func privilegeFault(_ message: String) -> DatabaseFault {
        DatabaseFault(weight: .blocking, subject: "privileges", message: message, fix: Self.migrate)
    }

    private static let migrate = "run as the owner: AuthAPI migrate up"

    private var rowSecurity: [DatabaseFault] {
        let ours = Set(Migrations.all.flatMap(\.tables)).subtracting(pending.flatMap(\.tables))
        return facts.tables.filter { ours.contains($0.name) && $0.hidesRows }.map { table in
            let relation = SQLName.relation(table.schema, table.name)
            return DatabaseFault(
                weight: table.hasPolicy ? .note : .blocking,
                subject: "row security",
                message: table.hasPolicy
                    ? "policies of \(relation) decide which rows the role \(facts.role) sees"
                    : "row security hides every row of \(relation) from the role \(facts.role)",
                fix: "ALTER TABLE \(relation) NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
            )
        }
    }
}
