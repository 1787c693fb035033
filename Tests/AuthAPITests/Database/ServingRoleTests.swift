import Foundation
import Logging
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D6: The serving role has exactly the required privileges, and gets them with every migration.
///
/// All tests of the API run as this role, which shows that they suffice.
@Suite struct ServingRoleTests {
    private static let role = TestDatabase.servingRole

    /// Runs `body` with a database that the two roles share, as `migrate up` leaves it, and the serving role's
    /// connection.
    private static func with(_ body: (TestDatabase, PostgresConfiguration) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: false) { database in
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            let roles = DatabaseRoles(serving: serving, owner: database.configuration)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            try await body(database, serving)
        }
    }

    /// The role's privileges on each table and column.
    private static let privileges = """
        SELECT string_agg(line, chr(10) ORDER BY line) FROM (
            SELECT relname || ' ' || relacl::text AS line FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
            UNION ALL
            SELECT attrelid::regclass || '.' || attname || ' ' || attacl::text FROM pg_attribute
            WHERE attacl IS NOT NULL AND attrelid::regclass::text NOT LIKE 'pg_%'
        ) AS all_rights
        """

    @Test("The list contains every table, and the role owns none")
    func listIsComplete() async throws {
        try await Self.with { database, _ in
            let missing = """
                SELECT string_agg(relname, ', ') FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
                    AND NOT has_any_column_privilege('\(Self.role)', oid, 'SELECT')
                    -- The sequence of an identity column requires no separate privilege.
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i')
                """
            let tables = try await database.sql(missing)
            #expect(tables == nil)
            let owned = "SELECT count(*) FROM pg_shdepend WHERE refobjid = '\(Self.role)'::regrole AND deptype = 'o'"
            #expect(try await database.sql(owned) == "0")
            let attributes = """
                SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR NOT rolcanlogin
                FROM pg_roles WHERE rolname = '\(Self.role)'
                """
            #expect(try await database.sql(attributes) == "f")
        }
    }

    @Test(
        "The role cannot change the schema or access more than it needs",
        arguments: [
            "ALTER TABLE users ADD COLUMN x int", "DROP TABLE sessions", "TRUNCATE sessions", "CREATE TABLE x ()",
            "CREATE TEMPORARY TABLE x ()", "CREATE SCHEMA x", "CREATE FUNCTION f() RETURNS int RETURN 1",
            "CREATE INDEX ON users (name)", "DROP TRIGGER users_set_updated_at ON users",
            "CREATE ROLE x", "SET ROLE yoshikosan", "ALTER ROLE yoshikosan_api SUPERUSER", "CREATE DATABASE x",
            "ALTER DATABASE \"$DATABASE\" SET statement_timeout = 0",
            "SELECT * FROM yoshikosan_schema_migrations", "SELECT checksum FROM yoshikosan_schema_migrations",
            "DELETE FROM yoshikosan_schema_migrations", "INSERT INTO yoshikosan_schema_migrations VALUES (99, 'x', '')",
            "UPDATE users SET id = gen_random_uuid()", "UPDATE users SET created_at = now()",
            "UPDATE sessions SET user_id = gen_random_uuid()", "UPDATE sessions SET expires_at = 'infinity'",
            "UPDATE oauth_accounts SET user_id = gen_random_uuid()", "UPDATE oauth_accounts SET provider = 'google'",
            "UPDATE oauth_accounts SET provider_user_id = 'x'", "UPDATE oauth_accounts SET created_at = now()",
            "UPDATE audit_events SET user_id = NULL", "DELETE FROM audit_events", "TRUNCATE audit_events",
            "INSERT INTO audit_events (event, occurred_at) VALUES ('registered', '2020-01-01')",
            "INSERT INTO audit_events (id, event) OVERRIDING SYSTEM VALUE VALUES (1, 'registered')",
            "ALTER TABLE audit_events DISABLE TRIGGER ALL", "DROP FUNCTION remove_audit_events",
            "SELECT nextval('audit_events_id_seq')", "SELECT setval('audit_events_id_seq', 1)",
            "SELECT * FROM pg_authid", "SELECT pg_read_file('PG_VERSION')", "COPY users TO PROGRAM 'cat'",
            "CREATE EXTENSION pgcrypto",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
        ]
    )
    func rejected(sql: String) async throws {
        try await Self.with { database, serving in
            let name = try #require(try await database.sql("SELECT current_database()"))
            let text = sql.replacing("$DATABASE", with: name)
            let error = await #expect(throws: PostgresError.self) { try await TestSQL.run(text, on: serving) }
            #expect(error?.sqlState == "42501", "\(String(reflecting: error))")
        }
    }

    @Test("Migrating again changes nothing, and revokes privileges that were granted manually")
    func again() async throws {
        try await Self.with { database, serving in
            let before = try await database.sql(Self.privileges)
            try await database.sql("GRANT ALL ON users TO \(Self.role); GRANT UPDATE (id) ON sessions TO \(Self.role)")
            #expect(try await database.sql(Self.privileges) != before)
            let roles = DatabaseRoles(serving: serving, owner: database.configuration)
            #expect(try await roles.migrator(logger: TestDatabase.silentLogger).up().isEmpty)
            #expect(try await database.sql(Self.privileges) == before)
        }
    }

    @Test("The privileges of a newer release are kept")
    func newerRelease() async throws {
        try await Self.with { database, serving in
            try await database.sql(
                """
                INSERT INTO yoshikosan_schema_migrations (version, name, checksum) VALUES (9999, 'later', '');
                CREATE TABLE later (); GRANT SELECT ON later TO \(Self.role)
                """
            )
            let before = try await database.sql(Self.privileges)
            let roles = DatabaseRoles(serving: serving, owner: database.configuration)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            #expect(try await database.sql(Self.privileges) == before)
        }
    }

    @Test(
        "The serving role alone gets an error that it does not own the tables; if both are one role, nothing is granted"
    )
    func oneRole() async throws {
        try await Self.with { database, serving in
            let alone = DatabaseRoles(serving: serving, owner: nil).migrator(logger: TestDatabase.silentLogger)
            await #expect(throws: MigrationError.notOwner(role: nil)) { try await alone.up() }
            let before = try await database.sql(Self.privileges)
            let same = DatabaseRoles(serving: database.configuration, owner: database.configuration)
            try await same.migrator(logger: TestDatabase.silentLogger).up()
            #expect(try await database.sql(Self.privileges) == before)
        }
    }

    @Test("The role is created with its password, and a changed password is set; the log shows neither")
    func password() async throws {
        let needPassword = "local all \(Self.role) scram-sha-256\nlocal all all trust\n"
        try await TestPostgres.with(
            settings: ["log_statement": "all"],
            prepare: { try $0.write(needPassword, to: "pg_hba.conf") }
        ) { server in
            let owner = try server.configuration()
            for password in ["Zr5Lw8Yp1Nc6Hd4Fb0Sg'first", "Zr5Lw8Yp1Nc6Hd4Fb0Sg'second"] {
                let serving = try PostgresConfiguration(
                    host: server.directory.path(),
                    port: String(server.port),
                    user: Self.role,
                    password: password,
                    database: "postgres"
                )
                let roles = DatabaseRoles(serving: serving, owner: owner)
                try await roles.migrator(logger: TestDatabase.silentLogger).up()
                #expect(try await TestSQL.run("SELECT count(*) FROM users", on: serving) == "0")
            }
            let log = try String(contentsOf: server.directory.appending(path: "log"), encoding: .utf8)
            #expect(log.contains("CREATE ROLE") && !log.contains("Zr5Lw8Yp1Nc6Hd4Fb0Sg"))

            // An owner that may not create roles reports the command for an administrator.
            try await TestSQL.run("CREATE ROLE plain LOGIN", on: owner)
            try await TestSQL.run("CREATE DATABASE plain OWNER plain", on: owner)
            let plain = try PostgresConfiguration(url: server.url(database: "plain") + " user=plain")
            let nobody = try PostgresConfiguration(url: server.url(database: "plain") + " user=nobody")
            let roles = DatabaseRoles(serving: nobody, owner: plain)
            let reason = "permission denied to create role (SQLSTATE 42501)"
            await #expect(throws: MigrationError.noServingRole(name: "nobody", exists: false, reason: reason)) {
                try await roles.migrator(logger: TestDatabase.silentLogger).up()
            }
            // Once the role exists, an owner that is not a superuser can grant it its privileges.
            try await TestSQL.run("CREATE ROLE nobody LOGIN", on: owner)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            #expect(try await TestSQL.run("SELECT count(*) FROM sessions", on: nobody) == "0")
        }
    }

    @Test("W52: A role that cannot connect because CONNECT is revoked gets the privilege, and keeps its password")
    func connectRevoked() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE plain LOGIN; CREATE ROLE \(Self.role) LOGIN", on: admin)
            try await TestSQL.run("CREATE DATABASE site OWNER plain", on: admin)
            try await TestSQL.run("REVOKE CONNECT ON DATABASE site FROM PUBLIC", on: admin)
            // This owner may not set passwords.
            let owner = try PostgresConfiguration(url: server.url(database: "site") + " user=plain")
            let url = server.url(database: "site") + " user=\(Self.role) password=Zr5Lw8Yp1Nc6Hd4Fb0Sg"
            let serving = try PostgresConfiguration(url: url)
            let roles = DatabaseRoles(serving: serving, owner: owner)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            #expect(try await TestSQL.run("SELECT count(*) FROM users", on: serving) == "0")
            let password = "SELECT rolpassword FROM pg_authid WHERE rolname = '\(Self.role)'"
            #expect(try await TestSQL.run(password, on: admin) == nil)
        }
    }

    @Test(
        "W52: A role with NOLOGIN or an expired password can sign in after a migration",
        arguments: ["NOLOGIN", "LOGIN VALID UNTIL '2020-01-01'"]
    )
    func cannotLogIn(attributes: String) async throws {
        let password = "Zr5Lw8Yp1Nc6Hd4Fb0Sg-third"
        let needPassword = "local all \(Self.role) scram-sha-256\nlocal all all trust\n"
        try await TestPostgres.with(prepare: { try $0.write(needPassword, to: "pg_hba.conf") }) { server in
            let owner = try server.configuration()
            try await TestSQL.run("CREATE ROLE \(Self.role) PASSWORD '\(password)' \(attributes)", on: owner)
            let url = server.url() + " user=\(Self.role) password=\(password)"
            let serving = try PostgresConfiguration(url: url)
            let roles = DatabaseRoles(serving: serving, owner: owner)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            #expect(try await TestSQL.run("SELECT count(*) FROM users", on: serving) == "0")
        }
    }

    @Test("W53: Privileges go to the role of the sessions, if ALTER ROLE … SET role makes it another one")
    func sessionRole() async throws {
        try await TestPostgres.with { server in
            let owner = try server.configuration()
            try await TestSQL.run(
                "CREATE ROLE members; CREATE ROLE member LOGIN IN ROLE members; ALTER ROLE member SET role = 'members'",
                on: owner
            )
            let serving = try PostgresConfiguration(url: server.url() + " user=member")
            let roles = DatabaseRoles(serving: serving, owner: owner)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            #expect(try await TestSQL.run("SELECT count(*) FROM users", on: serving) == "0")
            let granted = "SELECT has_table_privilege('members', 'users', 'SELECT')"
            #expect(try await TestSQL.run(granted, on: owner) == "t")
        }
    }

    @Test(
        "W53: An owner keeps its privileges, with which the functions run, when another login migrates",
        arguments: ["", "ALTER ROLE deploy SET role = 'app'"]
    )
    func servingOwner(setting: String) async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE app LOGIN; CREATE ROLE deploy LOGIN IN ROLE app; \(setting)", on: admin)
            try await TestSQL.run("CREATE DATABASE site OWNER app", on: admin)
            let serving = try PostgresConfiguration(url: server.url(database: "site") + " user=app")
            try await Migrator(serving, logger: TestDatabase.silentLogger).up()
            let owner = try PostgresConfiguration(url: server.url(database: "site") + " user=deploy")
            let roles = DatabaseRoles(serving: serving, owner: owner)
            for _ in 1...2 { try await roles.migrator(logger: TestDatabase.silentLogger).up() }
            #expect(try await TestSQL.run("SELECT remove_audit_events(1, 1)", on: serving) == "0")
        }
    }

    @Test("W53: Default privileges give the tables to no other role")
    func defaultPrivileges() async throws {
        try await TestPostgres.with { server in
            let owner = try server.configuration()
            for kind in ["TABLES", "SEQUENCES"] {
                try await TestSQL.run("ALTER DEFAULT PRIVILEGES GRANT ALL ON \(kind) TO PUBLIC", on: owner)
            }
            let serving = try PostgresConfiguration(url: server.url() + " user=\(Self.role)")
            let roles = DatabaseRoles(serving: serving, owner: owner)
            try await roles.migrator(logger: TestDatabase.silentLogger).up()
            let granted = """
                SELECT string_agg(relname, ', ') FROM pg_class, aclexplode(relacl)
                WHERE relnamespace = 'public'::regnamespace AND grantee = 0
                """
            #expect(try await TestSQL.run(granted, on: owner) == nil)
        }
    }

    @Test("On a dedicated server, the serving role can connect to its one database only")
    func dedicatedServer() async throws {
        try await TestPostgres.with { server in
            let owner = try server.configuration()
            try await TestSQL.run("CREATE DATABASE site", on: owner)
            let site = try server.configuration(database: "site")
            let serving = try PostgresConfiguration(url: server.url(database: "site") + " user=\(Self.role)")
            let migrator = DatabaseRoles(serving: serving, owner: site).migrator(logger: TestDatabase.silentLogger)
            for _ in 1...2 {
                try await migrator.up()
                try await migrator.shutOtherDatabases()
            }
            // Several at once, as when several servers start.
            for _ in 1...5 {
                try await TestSQL.run("GRANT CONNECT ON DATABASE postgres TO PUBLIC", on: owner)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 1...4 { group.addTask { try await migrator.shutOtherDatabases() } }
                    try await group.waitForAll()
                }
            }
            #expect(try await TestSQL.run("SELECT current_database()", on: serving) == "site")
            for other in ["postgres", "template1"] {
                let url = server.url(database: other) + " user=\(Self.role)"
                let elsewhere = try PostgresConfiguration(url: url)
                await #expect(throws: PostgresError.self) { try await TestSQL.run("SELECT 1", on: elsewhere) }
            }
        }
    }
}
