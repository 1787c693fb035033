import PostgresClient

/// The properties of a server and database that one connection can see without privileges on tables.
struct DatabaseFacts: Sendable {
    /// A server setting and the source of its value, as in `pg_settings`.
    struct Setting: Sendable {
        let value: String
        let source: String
    }

    /// A table with a name that this system uses.
    struct Table: Sendable {
        let schema: String
        let name: String
        let columns: String
        /// Whether row security applies to this role.
        let hidesRows: Bool
        /// Whether its policies let this role read and add rows.
        let hasPolicy: Bool
    }

    /// `server_version_num`: 170002 is 17.2.
    let version: Int32
    let database: String
    let role: String
    let encoding: String
    let isStandby: Bool
    let searchPath: String
    /// The schema of new tables; nil when the search path has no usable schema.
    let schema: String?
    let mayCreate: Bool
    /// Every schema except PostgreSQL's own.
    let schemas: [String]
    let settings: [String: Setting]
    let tables: [Table]
    /// Schemas outside the search path with this system's migration history.
    let historiesElsewhere: [String]
    let hasPLpgSQL: Bool

    /// The table with that name in the search path.
    func table(_ name: String) -> Table? { tables.first { $0.name == name } }

    /// Whether another table with that name exists where this system would create its own.
    func isTaken(_ name: String) -> Bool { table(name).map { $0.schema == schema } ?? false }
}

/// Selects the facts.
struct DescribeDatabase: ReadStatement {
    // Fields are separated by chr(31) and rows by chr(30), which names do not contain.
    static let sql: StaticString = """
        SELECT current_setting('server_version_num')::int4, current_database()::text, current_user::text,
            getdatabaseencoding()::text, pg_is_in_recovery(), current_setting('search_path'), current_schema()::text,
            coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
            (SELECT coalesce(string_agg(nspname, chr(30)), '') FROM pg_namespace
                WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'),
            (SELECT coalesce(string_agg(concat_ws(chr(31), name, setting, source), chr(30)), '') FROM pg_settings
                WHERE name IN ('default_transaction_read_only', 'transaction_read_only', 'default_transaction_isolation',
                    'statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
                    'session_replication_role', 'log_statement', 'log_min_duration_statement',
                    'log_parameter_max_length', 'log_parameter_max_length_on_error')),
            (SELECT coalesce(string_agg(concat_ws(chr(31), nspname, relname, (
                    SELECT coalesce(string_agg(
                        attname || ' ' || replace(format_type(atttypid, atttypmod), '"', ''), ', ' ORDER BY attnum
                    ), '')
                    FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
                ), CASE WHEN row_security_active(pg_class.oid) THEN 't' ELSE 'f' END, CASE WHEN NOT EXISTS (
                    SELECT FROM unnest(CASE WHEN relname IN ('backup_status', 'yoshikosan_schema_migrations')
                        THEN '{r}'::"char"[] ELSE '{r,a}' END) AS command
                    WHERE NOT EXISTS (SELECT FROM pg_policy, unnest(polroles) AS granted
                        WHERE polrelid = pg_class.oid AND polpermissive AND polcmd IN ('*', command)
                            AND (granted = 0 OR pg_has_role(granted, 'USAGE')))
                ) THEN 't' ELSE 'f' END), chr(30)), '')
                FROM unnest(string_to_array($1, ',')) AS wanted
                JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(wanted))
                JOIN pg_namespace ON pg_namespace.oid = relnamespace),
            (SELECT coalesce(string_agg(nspname, chr(30)), '') FROM pg_class
                JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE relname = 'yoshikosan_schema_migrations' AND relkind = 'r'
                    AND nspname <> ALL (current_schemas(false))),
            EXISTS (SELECT FROM pg_language WHERE lanname = 'plpgsql' AND has_language_privilege(oid, 'USAGE'))
        """
    /// The tables to look for.
    let tables: [String]
    var parameters: [PostgresValue] { [.text(tables.joined(separator: ","))] }

    static func decode(_ row: PostgresRow) throws -> DatabaseFacts {
        func rows(_ column: Int) throws -> [[String]] {
            try row.text(column).split(separator: "\u{1E}").map { line in
                line.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init)
            }
        }
        var settings: [String: DatabaseFacts.Setting] = [:]
        for fields in try rows(9) where fields.count == 3 {
            settings[fields[0]] = DatabaseFacts.Setting(value: fields[1], source: fields[2])
        }
        return DatabaseFacts(
            version: try row.int4(0),
            database: try row.text(1),
            role: try row.text(2),
            encoding: try row.text(3),
            isStandby: try row.bool(4),
            searchPath: try row.text(5),
            schema: try row.optionalText(6),
            mayCreate: try row.bool(7),
            schemas: try rows(8).compactMap(\.first),
            settings: settings,
            tables: try rows(10).filter { $0.count == 5 }.map {
                .init(schema: $0[0], name: $0[1], columns: $0[2], hidesRows: $0[3] == "t", hasPolicy: $0[4] == "t")
            },
            historiesElsewhere: try rows(11).compactMap(\.first),
            hasPLpgSQL: try row.bool(12)
        )
    }
}

/// Selects the versions of the database's collation: the recorded one and that of the operating system.
///
/// A separate statement, because it requires PostgreSQL 15.
struct DescribeCollation: ReadStatement {
    static let sql: StaticString = """
        SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_database
        WHERE datname = current_database()
        """
    static func decode(_ row: PostgresRow) throws -> (created: String?, actual: String?) {
        (try row.optionalText(0), try row.optionalText(1))
    }
}
