import PostgresClient

/// Selects the properties of a database that serving depends on; reads no table.
struct DescribeServing: ReadStatement {
    /// The result.
    struct State: Sendable {
        let role: String
        /// The migration history.
        let history: MigrationHistory?
        let isReadOnly: Bool
        /// The tables and functions that are missing or for which this role lacks privileges, separated by spaces.
        let missing: String
        /// The tables whose row security keeps this role from reading or adding rows, separated by spaces.
        let hidden: String
        /// Whether commits wait for a standby, and too few are connected.
        var lacksStandby = false
        /// Whether this role may read the sequence of the audit trail.
        var readsSequence = false
    }

    // The history's old name counts with its columns only.
    static let sql: StaticString = """
        SELECT current_user::text, CASE
                WHEN to_regclass('yoshikosan_schema_migrations') IS NOT NULL THEN 'yoshikosan_schema_migrations'
                WHEN (SELECT string_agg(
                        attname || ' ' || replace(format_type(atttypid, atttypmod), '"', ''), ', ' ORDER BY attnum
                    )
                    FROM pg_attribute
                    WHERE attrelid = to_regclass('schema_migrations') AND attnum > 0 AND NOT attisdropped)
                    = 'version integer, name text, checksum bytea, applied_at timestamp with time zone'
                THEN 'schema_migrations'
            END,
            current_setting('transaction_read_only') = 'on',
            concat_ws(' ',
                (SELECT string_agg(name, ' ')
                    FROM unnest(ARRAY['users', 'sessions', 'oauth_accounts', 'throttles',
                            'disconnected_identities', 'invites', 'password_recoveries']) AS name
                    WHERE to_regclass(name) IS NULL OR NOT (has_table_privilege(to_regclass(name), 'SELECT')
                        AND has_table_privilege(to_regclass(name), 'INSERT')
                        AND has_table_privilege(to_regclass(name), 'DELETE')
                        AND (has_any_column_privilege(to_regclass(name), 'UPDATE') OR name = 'disconnected_identities'))),
                (SELECT 'audit_events' WHERE NOT coalesce(has_table_privilege(to_regclass('audit_events'), 'SELECT')
                    AND has_any_column_privilege(to_regclass('audit_events'), 'INSERT')
                    AND has_function_privilege(to_regprocedure('remove_audit_events(integer, bigint)'), 'EXECUTE'), false)),
                (SELECT 'backup_status' WHERE NOT coalesce(has_table_privilege(
                    to_regclass('backup_status'), 'SELECT'), false)),
                (SELECT 'take_attempts' WHERE NOT coalesce(has_function_privilege(
                    to_regprocedure('take_attempts(bytea[], bigint[], bigint[], timestamptz)'), 'EXECUTE'), false))),
            coalesce((SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
                WHERE oid IN (to_regclass('users'), to_regclass('sessions'), to_regclass('oauth_accounts'),
                        to_regclass('throttles'), to_regclass('audit_events'), to_regclass('disconnected_identities'),
                        to_regclass('backup_status'), to_regclass('invites'), to_regclass('password_recoveries'),
                        to_regclass('yoshikosan_schema_migrations'))
                    AND row_security_active(oid) AND EXISTS (
                        SELECT FROM unnest(CASE WHEN relname IN ('backup_status', 'yoshikosan_schema_migrations')
                            THEN '{r}'::"char"[] ELSE '{r,a}' END) AS command
                        WHERE NOT EXISTS (SELECT FROM pg_policy, unnest(polroles) AS granted
                            WHERE polrelid = pg_class.oid AND polpermissive AND polcmd IN ('*', command)
                                AND (granted = 0 OR pg_has_role(granted, 'USAGE'))))), ''),
            -- Only privileged roles see the state of a standby. Every role sees its own sessions that wait.
            NOT pg_is_in_recovery() AND current_setting('synchronous_standby_names') <> ''
                AND current_setting('synchronous_commit') NOT IN ('off', 'local')
                AND (NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IS DISTINCT FROM 'async')
                    OR EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'
                        AND usename = session_user AND query_start < now() - interval '5 seconds')),
            EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = to_regclass('audit_events_id_seq')
                AND refobjid = to_regclass('audit_events') AND has_table_privilege(objid, 'SELECT'))
        """

    static func decode(_ row: PostgresRow) throws -> State {
        State(
            role: try row.text(0),
            history: try row.optionalText(1).map { MigrationHistory(isFormer: $0 == MigrationHistory.formerName) },
            isReadOnly: try row.bool(2),
            missing: try row.text(3),
            hidden: try row.text(4),
            lacksStandby: try row.bool(5),
            readsSequence: try row.bool(6)
        )
    }
}

/// Whether the database can be used now.
enum Readiness: Sendable, Equatable {
    case ready
    /// Migrations of this release are missing.
    case outdated
    /// No user can sign in; ``DatabaseRequirements`` has the reason.
    case unusable
    /// The transactions of this connection are read-only.
    case readOnly

    /// Determines the readiness; throws `PostgresError`.
    static func of(_ db: PostgresReader, migrations: [Migration] = Migrations.all) throws -> Readiness {
        let state = try db.one(DescribeServing())
        // First, because row security can hide the history, too.
        guard state.hidden.isEmpty else { return .unusable }
        guard let history = state.history else { return .outdated }
        // Fails with the server's error (42501) if the role may not read it.
        guard try Set(migrations.map(\.version)).isSubset(of: history.versions(db)) else { return .outdated }
        guard state.missing.isEmpty, !state.lacksStandby else { return .unusable }
        guard try !SchemaChange.all(db).contains(where: \.isBlocking) else { return .unusable }
        guard try !state.readsSequence || !db.one(DescribeAuditSequence()).isUsed else { return .unusable }
        return state.isReadOnly ? .readOnly : .ready
    }

    /// Determines the readiness in a job that writes.
    ///
    /// A connection that began while the database was read-only stays read-only. The error that this throws, the
    /// server's 25006, makes the pool replace the connection, so that the next check sees a fixed database.
    static func ofWriting(_ db: PostgresConnection) throws -> Readiness {
        let readiness = try of(PostgresReader(db))
        if readiness == .readOnly { _ = try db.all(ProbeWrite()) }
        return readiness
    }
}

/// Changes nothing, but requires a read-write transaction.
private struct ProbeWrite: Statement {
    static let sql: StaticString = "SELECT 1 FROM throttles WHERE false FOR UPDATE"
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}
