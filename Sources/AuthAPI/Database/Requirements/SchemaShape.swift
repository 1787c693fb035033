import PostgresClient

/// The parts of the schema that statements depend on, as the migrations create them.
///
/// A test compares the lists with a migrated database.
enum SchemaShape {
    /// The columns of each table, in their order.
    static let tables: [(name: String, columns: String)] = [
        (
            "users",
            "id email name avatar_url password_hash email_verified_at created_at updated_at disabled_at "
                + "devices_known_since"
        ),
        (
            "oauth_accounts",
            "id user_id provider provider_user_id access_token refresh_token key_version expires_at created_at "
                + "updated_at email issuer"
        ),
        (
            "sessions",
            "id user_id token_hash user_agent ip_address created_at expires_at identity_id reauthenticated_at"
        ),
        ("throttles", "key busy_until"),
        (
            "audit_events",
            "id occurred_at event user_id subject period detail provider session_id device_id address user_agent "
                + "request_id"
        ),
        ("disconnected_identities", "provider provider_user_id user_id created_at issuer"),
        ("backup_status", "kind succeeded_at"),
        ("invites", "id code_hash email uses used created_at expires_at"),
        ("password_recoveries", "user_id code_hash keeps_providers created_at expires_at"),
    ]

    /// Each column with its table: `users.id`.
    static let columns: [String] = tables.flatMap { table in
        table.columns.split(separator: " ").map { "\(table.name).\($0)" }
    }

    /// The columns that no statement fills: their values come from the database.
    private static let defaultColumns = [
        "users.created_at", "users.updated_at", "oauth_accounts.created_at", "oauth_accounts.updated_at",
        "audit_events.id", "audit_events.occurred_at", "disconnected_identities.created_at", "invites.used",
    ]

    /// The columns that statements fill.
    static let filledColumns: [String] = columns.filter { !defaultColumns.contains($0) }

    /// The tables into which sign-ins insert rows.
    static let signInTables = ["sessions", "audit_events", "throttles"]

    /// The unique indexes without which PostgreSQL rejects every sign-in, and how to create them.
    static let signInIndexes = [
        "throttles_pkey": "ALTER TABLE throttles ADD CONSTRAINT throttles_pkey PRIMARY KEY (key)",
        "audit_events_subject_key":
            "CREATE UNIQUE INDEX audit_events_subject_key ON audit_events (subject, period) WHERE subject IS NOT NULL",
    ]

    /// The other unique indexes.
    static let otherIndexes = [
        "users_pkey", "users_email_key", "oauth_accounts_pkey", "oauth_accounts_identity_key",
        "oauth_accounts_user_provider_key", "sessions_pkey", "sessions_token_hash_key", "audit_events_pkey",
        "disconnected_identities_pkey", "backup_status_pkey", "invites_pkey", "invites_code_hash_key",
        "password_recoveries_pkey", "password_recoveries_code_hash_key",
    ]

    /// The foreign keys, by table, column and referenced table, which delete the rows of deleted users and identities.
    static let foreignKeys = [
        ("oauth_accounts", "user_id", "users"), ("sessions", "user_id", "users"),
        ("sessions", "identity_id", "oauth_accounts"), ("disconnected_identities", "user_id", "users"),
        ("password_recoveries", "user_id", "users"),
    ]

    /// How to create each foreign key, by table and name: `sessions.sessions_user_id_fkey`.
    static let foreignKeyCommands = Dictionary(
        uniqueKeysWithValues: foreignKeys.map { table, column, referenced in
            let name = "\(table)_\(column)_fkey"
            let key = "FOREIGN KEY (\(column)) REFERENCES \(referenced) ON DELETE CASCADE"
            return ("\(table).\(name)", "ALTER TABLE \(table) ADD CONSTRAINT \(name) \(key)")
        }
    )

    /// The number of columns that the first release of a table had, if later ones have added some.
    static let firstColumns = ["users": 8, "oauth_accounts": 10, "sessions": 7, "disconnected_identities": 4]

    /// The functions that requests call.
    static let functions = [
        "take_attempts(bytea[], bigint[], bigint[], timestamptz)", "remove_audit_events(integer, bigint)",
    ]
}

extension DatabaseFacts.Table {
    /// Whether the table has the columns of this system's table of that name, in this or an earlier release.
    var hasShape: Bool {
        let names = columns.split(separator: ", ").map { $0.prefix { $0 != " " } }
        let shape = (SchemaShape.tables.first { $0.name == name }?.columns ?? "").split(separator: " ")
        return names.count >= max(1, SchemaShape.firstColumns[name] ?? shape.count) && shape.starts(with: names)
    }
}

/// A difference between a database and ``SchemaShape``: someone changed the schema after the migrations.
struct SchemaChange: Sendable, Equatable {
    /// The kinds of change.
    enum Kind: String, Sendable {
        case missingTable
        case missingColumn
        /// A type that no statement reads, such as `citext` or `timestamp`.
        case changedType
        /// A column that rejects the rows that this system inserts: another program's, or one without its default.
        case requiredColumn
        case missingIndex
        case missingFunction
        case missingForeignKey
        /// A foreign key to one of the tables, mostly another program's, that keeps rows from being deleted.
        case restrictingForeignKey
        /// A table with disabled triggers, which enforce foreign keys and protect the audit trail, such as after an
        /// interrupted restore with `--disable-triggers`.
        case disabledTrigger
    }

    let kind: Kind
    /// The name of the table, column, index, function or constraint.
    let name: String
    /// The table of a column, constraint or trigger.
    let table: String

    /// All changes of a schema with all migrations; throws `PostgresError`.
    static func all(_ db: PostgresReader) throws -> [SchemaChange] {
        let found = try db.all(FindSchemaChanges())
        // A renamed column is missing under its old name and unknown under its new one.
        let incomplete = Set(found.filter { $0.kind == .missingColumn }.map(\.table))
        return found.filter { $0.kind != .requiredColumn || !incomplete.contains($0.table) }
    }

    /// Whether the database is not ready: an object is missing, or the server rejects every sign-in.
    var isBlocking: Bool {
        switch kind {
        case .missingTable, .missingColumn, .changedType, .missingFunction: true
        case .requiredColumn: SchemaShape.signInTables.contains(table)
        case .missingIndex: SchemaShape.signInIndexes[name] != nil
        case .missingForeignKey, .restrictingForeignKey, .disabledTrigger: false
        }
    }

    /// The fault, in PostgreSQL's words.
    var fault: DatabaseFault {
        let undo = "undo the change, or restore a backup"
        let (message, fix): (String, String) =
            switch kind {
            case .missingTable: ("relation \"\(name)\" does not exist (SQLSTATE 42P01)", undo)
            case .missingColumn: ("column \"\(name)\" of relation \"\(table)\" does not exist (SQLSTATE 42703)", undo)
            case .changedType:
                ("the type of column \"\(name)\" of relation \"\(table)\" is not supported (SQLSTATE 42804)", undo)
            case .requiredColumn:
                (
                    "null value in column \"\(name)\" of relation \"\(table)\" violates not-null constraint "
                        + "(SQLSTATE 23502)",
                    SchemaShape.columns.contains("\(table).\(name)")
                        ? undo : "ALTER TABLE \(table) ALTER COLUMN \(SQLName.identifier(name)) DROP NOT NULL"
                )
            case .missingIndex:
                (
                    "the unique index \"\(name)\" does not exist or is not valid (SQLSTATE 42P10)",
                    SchemaShape.signInIndexes[name] ?? undo
                )
            case .missingFunction: ("function \(name) does not exist (SQLSTATE 42883)", undo)
            case .missingForeignKey:
                (
                    "constraint \"\(name)\" of relation \"\(table)\" does not exist (SQLSTATE 42704), so deleting "
                        + "a user or an identity leaves rows behind",
                    SchemaShape.foreignKeyCommands["\(table).\(name)"] ?? undo
                )
            case .restrictingForeignKey:
                (
                    "foreign key constraint \"\(name)\" on table \(table) rejects the deletion of users or sessions "
                        + "(SQLSTATE 23503)",
                    "create the constraint with ON DELETE CASCADE or ON DELETE SET NULL"
                )
            case .disabledTrigger:
                (
                    "triggers of relation \"\(table)\" are disabled, so "
                        + (table == "audit_events"
                            ? "its events can be changed and deleted" : "foreign keys may not be enforced"),
                    "run as a superuser: ALTER TABLE \(table) ENABLE TRIGGER ALL"
                )
            }
        return DatabaseFault(
            weight: isBlocking ? .blocking : .advice,
            subject: "schema",
            message: message + (kind == .restrictingForeignKey ? "" : ": the schema was changed after the migrations"),
            fix: fix
        )
    }
}

/// Selects the changes of a schema with all migrations; reads only the catalog.
private struct FindSchemaChanges: ReadStatement {
    // Names are separated by line breaks.
    static let sql: StaticString = """
        SELECT 'missingTable', relation, '' FROM unnest(string_to_array($1, chr(10))) AS relation
        WHERE to_regclass(relation) IS NULL
        UNION ALL
        SELECT 'missingColumn', split_part(field, '.', 2), split_part(field, '.', 1)
        FROM unnest(string_to_array($2, chr(10))) AS field
        WHERE to_regclass(split_part(field, '.', 1)) IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = to_regclass(split_part(field, '.', 1))
                AND attname = split_part(field, '.', 2) AND NOT attisdropped
        )
        UNION ALL
        -- The types of PostgresType and those with the format of text. For a domain, the type that it is based on counts.
        SELECT 'changedType', attname::text, split_part(field, '.', 1)
        FROM unnest(string_to_array($2, chr(10))) AS field
        JOIN pg_attribute ON attrelid = to_regclass(split_part(field, '.', 1)) AND attname = split_part(field, '.', 2)
        JOIN pg_type ON pg_type.oid = atttypid
        WHERE NOT attisdropped AND coalesce(nullif(typbasetype, 0), atttypid)
            <> ALL (ARRAY[16, 17, 19, 20, 23, 25, 1042, 1043, 1184, 2950]::oid[])
        UNION ALL
        SELECT 'requiredColumn', attname::text, relation
        FROM unnest(string_to_array($1, chr(10))) AS relation
        JOIN pg_attribute ON attrelid = to_regclass(relation)
        WHERE attnum > 0 AND attnotnull AND NOT atthasdef AND attidentity = '' AND NOT attisdropped
            AND relation || '.' || attname::text <> ALL (string_to_array($5, chr(10)))
        UNION ALL
        SELECT 'missingIndex', entry, '' FROM unnest(string_to_array($3, chr(10))) AS entry
        WHERE NOT EXISTS (
            SELECT FROM pg_index WHERE indexrelid = to_regclass(entry) AND indisunique AND indisvalid
        )
        UNION ALL
        SELECT 'missingFunction', entry, '' FROM unnest(string_to_array($4, chr(10))) AS entry
        WHERE to_regprocedure(entry) IS NULL
        UNION ALL
        SELECT 'missingForeignKey', split_part(entry, '.', 2), split_part(entry, '.', 1)
        FROM unnest(string_to_array($6, chr(10))) AS entry
        WHERE to_regclass(split_part(entry, '.', 1)) IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_constraint WHERE conrelid = to_regclass(split_part(entry, '.', 1))
                AND conname = split_part(entry, '.', 2) AND contype = 'f'
        )
        UNION ALL
        SELECT 'restrictingForeignKey', conname::text, conrelid::regclass::text
        FROM unnest(string_to_array($1, chr(10))) AS relation
        JOIN pg_constraint ON confrelid = to_regclass(relation) AND contype = 'f' AND confdeltype IN ('a', 'r')
        UNION ALL
        SELECT 'disabledTrigger', relation, relation FROM unnest(string_to_array($1, chr(10))) AS relation
        WHERE EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(relation) AND tgenabled = 'D')
        """

    var parameters: [PostgresValue] {
        [
            .text(SchemaShape.tables.map(\.name).joined(separator: "\n")),
            .text(SchemaShape.columns.joined(separator: "\n")),
            .text((SchemaShape.signInIndexes.keys.sorted() + SchemaShape.otherIndexes).joined(separator: "\n")),
            .text(SchemaShape.functions.joined(separator: "\n")),
            .text(SchemaShape.filledColumns.joined(separator: "\n")),
            .text(SchemaShape.foreignKeyCommands.keys.sorted().joined(separator: "\n")),
        ]
    }

    static func decode(_ row: PostgresRow) throws -> SchemaChange {
        guard let kind = SchemaChange.Kind(rawValue: try row.text(0)) else { throw row.unknown("kind") }
        return SchemaChange(kind: kind, name: try row.text(1), table: try row.text(2))
    }
}
