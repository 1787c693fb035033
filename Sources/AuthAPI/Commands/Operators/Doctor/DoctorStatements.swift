import FoundationEssentials
import PostgresClient

/// Describes the server and this connection.
struct DescribeServer: Statement {
    /// The result.
    struct Server: Sendable {
        /// `server_version_num`: 170002 is 17.2.
        let version: Int32
        let database: String
        let bytes: Int64
        let time: Date
        /// The TLS version; nil without TLS.
        let tls: String?
        /// The server's address; nil for a socket.
        let address: String?
        let isAddressPrivate: Bool
        let connections: Int64
        let maxConnections: Int64
    }

    // RFC 1918, RFC 4193, loopback and link-local.
    static let sql: StaticString = """
        SELECT current_setting('server_version_num')::int4, current_database()::text,
            pg_database_size(current_database()), clock_timestamp(),
            (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl),
            host(inet_server_addr()),
            coalesce(inet_server_addr() <<= ANY ('{10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,169.254.0.0/16,::1,fc00::/7,fe80::/10}'::inet[]), true),
            (SELECT coalesce(sum(numbackends), 0)::int8 FROM pg_stat_database),
            current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8
        """

    static func decode(_ row: PostgresRow) throws -> Server {
        Server(
            version: try row.int4(0),
            database: try row.text(1),
            bytes: try row.int8(2),
            time: try row.timestamp(3),
            tls: try row.optionalText(4),
            address: try row.optionalText(5),
            isAddressPrivate: try row.bool(6),
            connections: try row.int8(7),
            maxConnections: try row.int8(8)
        )
    }
}

/// Finds privileges of this connection's role beyond those that serving requires.
struct DescribePrivileges: Statement {
    /// The result; the list is comma-separated.
    struct Privileges: Sendable {
        let role: String
        let tooWide: String
    }

    // The schema of the tables.
    static let sql: StaticString = """
        WITH place AS (
            SELECT coalesce(
                (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('users')),
                (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
            ) AS oid
        ), tables AS (
            SELECT pg_class.oid, relname::text AS name, relowner FROM pg_class, place
            WHERE relnamespace = place.oid AND relkind IN ('r', 'p')
        )
        SELECT current_user::text, concat_ws(', ',
            (SELECT 'superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper),
            (SELECT 'CREATEROLE' FROM pg_roles WHERE rolname = current_user AND rolcreaterole),
            (SELECT 'CREATEDB' FROM pg_roles WHERE rolname = current_user AND rolcreatedb),
            (SELECT 'REPLICATION' FROM pg_roles WHERE rolname = current_user AND rolreplication),
            (SELECT 'owner of ' || string_agg(name, ' ' ORDER BY name) FROM tables
                WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) HAVING count(*) > 0),
            (SELECT 'CREATE on the schema' FROM place WHERE has_schema_privilege(oid, 'CREATE')),
            (SELECT 'CREATE on the database' WHERE has_database_privilege(current_database(), 'CREATE')),
            (SELECT 'TRUNCATE on ' || string_agg(name, ' ' ORDER BY name) FROM tables
                WHERE has_table_privilege(oid, 'TRUNCATE') HAVING count(*) > 0),
            (SELECT 'UPDATE or DELETE on audit_events' WHERE has_any_column_privilege(to_regclass('audit_events'), 'UPDATE')
                OR has_table_privilege(to_regclass('audit_events'), 'DELETE'))
        )
        """

    static func decode(_ row: PostgresRow) throws -> Privileges {
        Privileges(role: try row.text(0), tooWide: try row.text(1))
    }
}

/// Stores so many rows that the files of the table and its index grow; for a transaction that is rolled back.
struct TestWriting: Statement {
    static let sql: StaticString = """
        INSERT INTO throttles (key, busy_until)
        SELECT '\\x00'::bytea || sha256(gen_random_uuid()::text::bytea), now() FROM generate_series(1, 1000)
        """
}

/// Finds the maximum number of live sessions per user.
struct DescribeSessions: Statement {
    static let sql: StaticString = """
        SELECT coalesce(max(count), 0) FROM (SELECT count(*) FROM sessions WHERE expires_at > now() GROUP BY user_id) AS live
        """
    static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
}

/// Finds the client addresses of the sessions of the last seven days.
struct DescribeVisitors: Statement {
    /// The result.
    struct Visitors: Sendable {
        let sessions: Int64
        let users: Int64
        let addresses: Int64
        /// The address, if it is the same for all.
        let onlyAddress: String?
        let isOnlyAddressPrivate: Bool
    }

    static let sql: StaticString = """
        SELECT count(*), count(DISTINCT user_id), count(DISTINCT ip_address),
            CASE WHEN count(DISTINCT ip_address) = 1 THEN min(ip_address) END,
            coalesce(min(ip_address) ~ '^(10\\.|127\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|::1$|f[cd])', false)
        FROM sessions WHERE created_at > now() - interval '7 days' AND ip_address IS NOT NULL
        """

    static func decode(_ row: PostgresRow) throws -> Visitors {
        Visitors(
            sessions: try row.int8(0),
            users: try row.int8(1),
            addresses: try row.int8(2),
            onlyAddress: try row.optionalText(3),
            isOnlyAddressPrivate: try row.bool(4)
        )
    }
}
