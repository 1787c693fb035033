import Foundation
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// Databases that operators created: with other privileges, schemas, encodings and tables.
@Suite struct ForeignDatabaseTests {
    /// A server with the plain roles `own` and `srv`, and the database `site`, which belongs to a superuser.
    private static func with(
        settings: [String: String] = [:],
        _ body: (TestPostgres) async throws -> Void
    ) async throws {
        try await TestPostgres.with(settings: settings) { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE own LOGIN; CREATE ROLE srv LOGIN", on: admin)
            try await TestSQL.run("CREATE DATABASE site", on: admin)
            try await body(server)
        }
    }

    private static func roles(_ server: TestPostgres, _ suffix: String = "") throws -> DatabaseRoles {
        DatabaseRoles(
            serving: try PostgresConfiguration(url: server.url(database: "site") + " user=srv" + suffix),
            owner: try PostgresConfiguration(url: server.url(database: "site") + " user=own" + suffix)
        )
    }

    private static func migrate(_ roles: DatabaseRoles) async throws {
        try await roles.migrator(logger: TestDatabase.silentLogger).up()
    }

    /// The faults with which migrating fails.
    private static func rejection(_ roles: DatabaseRoles) async throws -> [DatabaseFault] {
        let error = await #expect(throws: MigrationError.self) { try await migrate(roles) }
        guard case .unfit(let faults) = error else {
            Issue.record("\(String(describing: error))")
            return []
        }
        return faults
    }

    @Test(
        "W54: The history is found in a database with quote_all_identifiers, under either name",
        arguments: [false, true]
    )
    func quotedIdentifiers(isFormer: Bool) async throws {
        try await TestDatabase.with { database in
            if isFormer {
                try await database.sql("ALTER TABLE yoshikosan_schema_migrations RENAME TO schema_migrations")
            }
            let name = try #require(try await database.sql("SELECT current_database()"))
            try await database.sql("ALTER DATABASE \"\(name)\" SET quote_all_identifiers = on")
            let applied = try await Migrator(database.configuration, logger: TestDatabase.silentLogger).up()
            #expect(applied.isEmpty)
            let silent = TestDatabase.silentLogger
            let (readiness, faults) = try await PostgresPool.with(database.configuration, logger: silent) { pool in
                try await pool.reading { db in
                    (try Readiness.of(db), try DatabaseInspection.faults(on: db, for: .migrating))
                }
            }
            #expect(readiness == .ready)
            #expect(faults.allSatisfy { $0.weight == .note }, "\(faults)")
        }
    }

    @Test(
        "W52: For a role that may not create tables, PostgreSQL's message and a working command are printed",
        arguments: [
            (
                "", "", "permission denied for schema public (SQLSTATE 42501)",
                "GRANT CREATE ON SCHEMA \"public\" TO \"own\""
            ),
            (
                "REVOKE ALL ON SCHEMA public FROM PUBLIC", "", "permission denied for schema public (SQLSTATE 42501)",
                "GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"own\""
            ),
            (
                "DROP SCHEMA public", "", "no schema has been selected to create in (SQLSTATE 3F000)",
                "CREATE SCHEMA \"public\" AUTHORIZATION \"own\""
            ),
            (
                "", " options='-c search_path=auht'", "no schema has been selected to create in (SQLSTATE 3F000)",
                "CREATE SCHEMA \"auht\" AUTHORIZATION \"own\""
            ),
        ]
    )
    func privileges(setup: String, options: String, message: String, fix: String) async throws {
        try await Self.with { server in
            let admin = try server.configuration(database: "site")
            if !setup.isEmpty { try await TestSQL.run(setup, on: admin) }
            let roles = try Self.roles(server, options)
            let fault = try #require(try await Self.rejection(roles).first)
            #expect(fault.message.hasPrefix(message), "\(fault)")
            #expect(fault.fix.hasPrefix(fix), "\(fault)")
            // `doctor` reports the same list.
            let found = await DatabaseHealth(
                roles: roles,
                publicURL: .localhost,
                logger: TestDatabase.silentLogger,
                timeout: .seconds(60)
            ).findings()
            #expect(found.contains(fault.finding), "\(found)")

            try await TestSQL.run(fix, on: admin)
            try await Self.migrate(roles)
            // Only the owner of the schema can grant the serving role access to it.
            if let fault = try await Self.servingFaults(roles.serving).first(where: { $0.weight == .blocking }) {
                #expect(fault.fix == "GRANT USAGE ON SCHEMA \"public\" TO \"srv\"", "\(fault)")
                try await TestSQL.run(fault.fix, on: admin)
            }
            #expect(try await TestSQL.run("SELECT count(*) FROM users", on: roles.serving) == "0")
        }
    }

    @Test(
        "W53: The system works in a separate schema, beside tables with the same names in public",
        arguments: [true, false]
    )
    func ownSchema(byURL: Bool) async throws {
        try await Self.with { server in
            let admin = try server.configuration(database: "site")
            try await TestSQL.run(
                "CREATE TABLE users (login text); CREATE SCHEMA \"Sign in\" AUTHORIZATION own",
                on: admin
            )
            let roles = try Self.roles(server, byURL ? " options='-c search_path=\"Sign\\\\ in\"'" : "")
            if !byURL {
                try await TestSQL.run("ALTER ROLE own SET search_path = \"Sign in\"", on: admin)
                try await Self.migrate(roles)
                // The search path of the serving role does not contain the schema yet.
                let found = try await Self.servingFaults(roles.serving)
                let fault = try #require(found.first)
                #expect(fault.message.contains("the tables are in the schema Sign in"), "\(found)")
                try await TestSQL.run(fault.fix, on: admin)
            }
            try await Self.migrate(roles)
            #expect(try await Self.servingFaults(roles.serving).filter { $0.weight > .note }.isEmpty)
            #expect(
                try await TestSQL.run(
                    "SELECT string_agg(column_name, ',') FROM information_schema.columns "
                        + "WHERE table_schema = 'public'",
                    on: admin
                ) == "login"
            )
            let privileges =
                "SELECT has_schema_privilege('srv', 'public', 'CREATE')::text || count(*) FROM pg_class "
                + "WHERE relnamespace = '\"Sign in\"'::regnamespace AND relkind = 'r'"
            #expect(
                try await TestSQL.run(privileges, on: admin) == "false\(Migrations.all.flatMap(\.tables).count + 1)"
            )

            let database = TestDatabase(
                url: server.url(database: "site"),
                configuration: roles.serving,
                pool: PostgresPool(roles.serving, logger: TestDatabase.silentLogger)
            )
            let url =
                server.url(database: "site") + " user=srv"
                + (byURL ? " options='-c search_path=\"Sign\\\\ in\"'" : "")
            try await TestAPI.with(database: database, databaseURL: url) { api in
                #expect(try await api.client().get(APIPath.readiness).status == 200)
                let client = try await api.registered()
                #expect(try await client.get(APIPath.me).status == 200)
            }
            await database.pool.close()
        }
    }

    private static func servingFaults(_ configuration: PostgresConfiguration) async throws -> [DatabaseFault] {
        let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
        let result: Result<[DatabaseFault], any Error>
        do {
            result = .success(
                try await pool.withConnection { try DatabaseInspection.faults(on: PostgresReader($0), for: .serving) }
            )
        } catch { result = .failure(error) }
        await pool.close()
        return try result.get()
    }

    @Test(
        "W54: Another program's schema_migrations is not changed",
        arguments: [
            "(version character varying NOT NULL PRIMARY KEY)",
            "(version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
            "(version character varying(14) NOT NULL)", "(version bigint PRIMARY KEY, inserted_at timestamp(0))",
        ]
    )
    func otherHistory(columns: String) async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.sql(
                "CREATE TABLE schema_migrations \(columns); INSERT INTO schema_migrations (version"
                    + "\(columns.contains("dirty") ? ", dirty) VALUES (7, false)" : ") VALUES (7)")"
            )
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            #expect(try await migrator.status().allSatisfy { $0.state == .pending })
            #expect(try await migrator.up().count == Migrations.all.count)
            #expect(try await migrator.status().allSatisfy { $0.state == .applied })
            #expect(try await database.sql("SELECT count(*) FROM schema_migrations") == "1")
            let faults = try await Self.servingFaults(database.configuration)
            let note = try #require(faults.first { $0.subject == "other tables" })
            #expect(note.weight == .note && note.message.contains("public.schema_migrations (version "))
            #expect(note.message.contains("belongs to another program"))
            #expect(try await database.pool.withConnection { try Readiness.of(PostgresReader($0)) } == .ready)
        }
    }

    @Test(
        "W54: A conflicting table of another program is named with its columns, and nothing is changed",
        arguments: ["users", "sessions", "yoshikosan_schema_migrations"]
    )
    func foreignTable(name: String) async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.sql("CREATE TABLE \(name) (login text, age int)")
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            let text = error?.description ?? ""
            #expect(text.contains("the table public.\(name) (login text, age integer) belongs to another program"))
            #expect(text.contains("CREATE SCHEMA") && text.contains("search_path"))
            #expect(
                try await database.sql(
                    "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND "
                        + "relnamespace = 'public'::regnamespace"
                ) == "1"
            )
        }
    }

    @Test("W54: A database of the first releases keeps the old name of the history, also for them")
    func formerHistory() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            let first = Array(Migrations.all.prefix(4))
            try await Migrator(database.configuration, migrations: first, logger: TestDatabase.silentLogger).up()
            try await database.sql("ALTER TABLE yoshikosan_schema_migrations RENAME TO schema_migrations")
            let roles = DatabaseRoles(serving: serving, owner: database.configuration)
            let migrator = roles.migrator(logger: TestDatabase.silentLogger)
            #expect(try await migrator.status().prefix(4).allSatisfy { $0.state == .applied })
            #expect(try await migrator.up().count == Migrations.all.count - 4)
            #expect(try await database.sql("SELECT to_regclass('yoshikosan_schema_migrations')") == nil)
            #expect(try await database.sql("SELECT count(*) FROM schema_migrations") == "\(Migrations.all.count)")
            // The query of the previous release, as the serving role.
            #expect(
                try await TestSQL.run("SELECT max(version) FROM schema_migrations", on: serving)
                    == "\(Migrations.all.count)"
            )
            #expect(try await Self.servingFaults(serving).filter { $0.weight > .note }.isEmpty)
            #expect(try await migrator.down().version == Int32(Migrations.all.count))
        }
    }

    @Test(
        "W56: A database without UTF8 is rejected before anything is created, also by the server",
        arguments: ["LATIN1", "EUC_JP", "SQL_ASCII"]
    )
    func encoding(encoding: String) async throws {
        try await TestPostgres.with { server in
            try await TestSQL.run(
                "CREATE DATABASE other ENCODING '\(encoding)' LOCALE 'C' TEMPLATE template0",
                on: server.configuration()
            )
            let other = try server.configuration(database: "other")
            let migrator = Migrator(other, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            let text = error?.description ?? ""
            #expect(text.contains("has the encoding \(encoding); it must be UTF8") && text.contains("CREATE DATABASE"))
            #expect(error?.isRepairable == false)
            let ending = try #require(error.flatMap { CommandEnding(of: $0) })
            #expect(ending.status == 78 && ending.explanation == text)
            #expect(try await TestSQL.run("SELECT to_regclass('users')", on: other) == nil)
            let pool = PostgresPool(other, logger: TestDatabase.silentLogger)
            for startup in [migrator, nil] {
                let startup = SchemaStartup(migrator: startup, postgres: pool, logger: TestDatabase.silentLogger)
                await #expect(throws: MigrationError.self) { try await startup.run() }
            }
            await pool.close()
        }
    }

    @Test("W58: Without a user in the connection string, libpq's role is used and gets its privileges")
    func roleOfLibpq() async throws {
        let me = String(cString: try #require(getpwuid(geteuid())).pointee.pw_name)
        try await Self.with { server in
            let admin = try server.configuration(database: "site")
            let place = "host=\(server.directory.path()) port=\(server.port) dbname=site"
            let roles = DatabaseRoles(serving: try PostgresConfiguration(url: place), owner: admin)
            try await Self.migrate(roles)
            #expect(try await TestSQL.run("SELECT has_table_privilege('\(me)', 'users', 'INSERT')", on: admin) == "t")
            #expect(try await Self.servingFaults(roles.serving).filter { $0.weight > .note }.isEmpty)
            // Both without a user: one role, which needs no grants.
            let one = DatabaseRoles(serving: roles.serving, owner: roles.serving)
            await #expect(throws: MigrationError.notOwner(role: nil)) { try await Self.migrate(one) }
        }
    }
}
