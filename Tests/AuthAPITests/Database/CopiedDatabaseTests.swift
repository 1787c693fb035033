import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// Databases that were restored, replicated or handed over to another role.
@Suite struct CopiedDatabaseTests {
    private static func faults(
        _ configuration: PostgresConfiguration,
        for purpose: DatabaseRequirements.Purpose = .serving
    ) async throws -> [DatabaseFault] {
        try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
            try await pool.reading { try DatabaseInspection.faults(on: $0, for: purpose) }
        }
    }

    private static func readiness(_ configuration: PostgresConfiguration) async throws -> Readiness {
        try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
            try await pool.reading { try Readiness.of($0) }
        }
    }

    @Test("W58: A role with all privileges on the tables that may not grant them gets an error")
    func privilegesWithoutGrantOption() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE own LOGIN; CREATE ROLE srv LOGIN", on: admin)
            try await Migrator(admin, logger: TestDatabase.silentLogger).up()
            func grant(_ option: String) async throws {
                for kind in ["TABLES", "SEQUENCES", "FUNCTIONS"] {
                    try await TestSQL.run("GRANT ALL ON ALL \(kind) IN SCHEMA public TO own \(option)", on: admin)
                }
            }
            let serving = try PostgresConfiguration(url: server.url(database: "postgres") + " user=srv")
            let owner = try PostgresConfiguration(url: server.url(database: "postgres") + " user=own")
            let migrator = DatabaseRoles(serving: serving, owner: owner).migrator(logger: TestDatabase.silentLogger)
            try await grant("")
            await #expect(throws: MigrationError.notOwner(role: "srv")) { try await migrator.up() }
            try await grant("WITH GRANT OPTION")
            try await migrator.up()
            #expect(try await TestSQL.run("SELECT count(*) FROM users", on: serving) == "0")
        }
    }

    @Test("W60: A sequence that was copied without its value is reported, and the printed command corrects it")
    func sequence() async throws {
        try await TestDatabase.with { database in
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            try await database.sql(
                "INSERT INTO audit_events (id, event) OVERRIDING SYSTEM VALUE "
                    + "VALUES (3, 'registered'), (4, 'registered')"
            )
            // The numbers before them are free.
            #expect(try await Self.readiness(serving) == .ready)
            let advice = try #require(try await Self.faults(serving).first { $0.subject == "sequence" })
            #expect(advice.weight == .advice)
            try await database.sql("INSERT INTO audit_events (event) VALUES ('registered'), ('registered')")
            let error = await #expect(throws: PostgresError.self) {
                try await database.sql("INSERT INTO audit_events (event) VALUES ('registered')")
            }
            // This attempt has taken number 3; 4 is not free either.
            #expect(error?.constraint == "audit_events_pkey")
            #expect(try await Self.readiness(serving) == .unusable)
            let fault = try #require(try await Self.faults(serving).first)
            #expect(fault.subject == "sequence" && fault.weight == .blocking && fault.message.contains("23505"))
            try await database.sql(fault.fix.replacing("run as the owner: ", with: ""))
            try await database.sql("INSERT INTO audit_events (event) VALUES ('registered')")
            #expect(try await Self.readiness(serving) == .ready)
            #expect(try await Self.faults(serving).allSatisfy { $0.subject != "sequence" })
            // Set by an operator, and not used yet.
            try await database.sql("ALTER TABLE audit_events ALTER COLUMN id RESTART WITH 100")
            #expect(try await Self.faults(serving).allSatisfy { $0.subject != "sequence" })
        }
    }

    @Test("W60: Foreign keys and triggers that an interrupted restore has left out are reported with the command")
    func foreignKeys() async throws {
        try await TestDatabase.with { database in
            try await database.sql(
                """
                ALTER TABLE sessions DROP CONSTRAINT sessions_identity_id_fkey;
                ALTER TABLE password_recoveries DISABLE TRIGGER ALL
                """
            )
            let found = try await Self.faults(database.configuration)
            let faults = found.filter { $0.subject == "schema" }
            #expect(faults.count == 2 && faults.allSatisfy { $0.weight == .advice }, "\(found)")
            #expect(faults.contains { $0.message.contains("constraint \"sessions_identity_id_fkey\"") }, "\(found)")
            for fault in faults { try await database.sql(fault.fix.replacing("run as a superuser: ", with: "")) }
            #expect(try await Self.faults(database.configuration).allSatisfy { $0.subject != "schema" })
        }
    }

    @Test("W54: Another program's table that begins with the same columns is not taken for one of this system")
    func sameBeginning() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.sql("CREATE TABLE users (id bigint PRIMARY KEY, email text, name text)")
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            #expect(error?.description.contains("belongs to another program") == true, "\(String(describing: error))")
        }
    }

    @Test("W54: Tables of this system that were restored without their history are not taken for another program's")
    func missingHistory() async throws {
        try await TestDatabase.with { database in
            try await database.sql("DROP TABLE yoshikosan_schema_migrations; DROP TABLE backup_status")
            try await database.sql("CREATE TABLE backup_status (file text)")
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            guard case .unfit(let faults) = error, faults.count == 2 else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(faults[0].message == "the table public.backup_status (file text) belongs to another program")
            let words = "does not record the migrations that create them: users, oauth_accounts"
            #expect(faults[1].message.contains(words))
            #expect(faults[1].fix.hasPrefix("restore a complete backup"))
        }
    }

    @Test("W54: Another program's foreign key that keeps users from being deleted is reported")
    func restrictingForeignKey() async throws {
        try await TestDatabase.with { database in
            try await database.sql(
                """
                CREATE TABLE profiles (user_id uuid CONSTRAINT profiles_user_fkey REFERENCES users);
                CREATE TABLE pictures (user_id uuid REFERENCES users ON DELETE SET NULL);
                INSERT INTO users (email, name) VALUES ('ada@example.com', 'Ada');
                INSERT INTO profiles SELECT id FROM users
                """
            )
            let faults = try await Self.faults(database.configuration).filter { $0.subject == "schema" }
            #expect(faults.count == 1 && faults[0].weight == .advice, "\(faults)")
            let error = await #expect(throws: PostgresError.self) { try await database.sql("DELETE FROM users") }
            let words = "foreign key constraint \"profiles_user_fkey\" on table"
            #expect(error?.detail.contains(words) == true && faults.first?.message.contains(words) == true, "\(faults)")
            let ending = error.flatMap { CommandEnding(of: $0) }
            #expect(ending?.explanation.contains("fix: AuthAPI doctor") == true && ending?.status == 78)
        }
    }

    @Test("W53: No table is created in another schema than the migrated ones")
    func newSchemaBeforeTables() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let earlier = Array(Migrations.all.dropLast(2))
            try await Migrator(database.configuration, migrations: earlier, logger: TestDatabase.silentLogger).up()
            // The search path begins with the schema of the role's name.
            try await database.sql("CREATE SCHEMA AUTHORIZATION CURRENT_USER")
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            guard case .unfit(let faults) = error, let fault = faults.first else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(fault.message.hasPrefix("the tables are in the schema public, and the search_path"), "\(fault)")
            try await database.sql(fault.fix)
            #expect(try await migrator.up().count == 2)
        }
    }

    @Test("W55: A connected standby that synchronous_standby_names does not name does not make the database ready")
    func unnamedStandby() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await Migrator(admin, logger: TestDatabase.silentLogger).up()
            var standby = try PostgresConfiguration(url: server.url() + " replication=database")
            standby.poolSize = 1
            try await PostgresPool.with(standby, logger: TestDatabase.silentLogger) { pool in
                try await pool.withConnection { _ in }
                let connected = "SELECT string_agg(sync_state, ',') FROM pg_stat_replication"
                #expect(try await TestSQL.run(connected, on: admin) == "async")
                try await TestSQL.run("ALTER SYSTEM SET synchronous_standby_names = 'absent'", on: admin)
                try await TestSQL.run("SELECT pg_reload_conf()", on: admin)
                try await eventually("the server waits for the standby") {
                    try await Self.readiness(admin) == .unusable
                }
                let fault = try #require(try await Self.faults(admin).first)
                #expect(fault.subject == "replication" && fault.weight == .blocking, "\(fault)")
            }
        }
    }

    @Test("W59: If the server rejects the new role for another reason than privileges, the error has its message")
    func rejectedRole() async throws {
        try await TestPostgres.with(settings: ["shared_preload_libraries": "passwordcheck"]) { server in
            let owner = try server.configuration()
            let name = "Zr5Lw8Yp1Nc6Hd4Fb0Sg"
            let serving = try PostgresConfiguration(url: server.url() + " user=\(name) password=\(name)")
            let migrator = DatabaseRoles(serving: serving, owner: owner).migrator(logger: TestDatabase.silentLogger)
            let reason = "password must not equal user name (SQLSTATE 22023)"
            await #expect(throws: MigrationError.noServingRole(name: name, exists: false, reason: reason)) {
                try await migrator.up()
            }
        }
    }
}
