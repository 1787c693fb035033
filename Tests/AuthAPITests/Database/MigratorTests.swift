import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D1, D2: Numbered migrations, each applied once and atomically.
@Suite struct MigratorTests {
    /// D1: The list in the code matches the folder, and every file has its reversal.
    @Test func listMatchesFolder() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/AuthAPI/Migrations").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        #expect(files == Migrations.all.flatMap { [$0.downFile, $0.file] }.sorted())
        for migration in Migrations.all {
            #expect(try Data(contentsOf: folder.appending(path: migration.file)) == Data(migration.up))
            #expect(try Data(contentsOf: folder.appending(path: migration.downFile)) == Data(migration.down))
        }
        let versions = Migrations.all.map(\.version)
        #expect(versions == Array(1...Int32(versions.count)))
    }

    /// D1: up, down and up again, with the status at every step.
    @Test func upDownUp() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let count = Migrations.all.count
            #expect(try await migrator.status().map(\.state) == Array(repeating: .pending, count: count))
            #expect(try await Self.readiness(of: database) == .outdated)
            await #expect(throws: MigrationError.nothingToRollBack) { try await migrator.down() }

            #expect(try await migrator.up().count == count)
            #expect(try await migrator.up().isEmpty)
            #expect(try await migrator.status().map(\.state) == Array(repeating: .applied, count: count))
            #expect(try await Self.readiness(of: database) == .ready)
            let before = try await database.sql(Self.schema)

            for left in (0..<count).reversed() {
                try await migrator.down()
                #expect(try await migrator.status().count { $0.state == .applied } == left)
                #expect(try await Self.readiness(of: database) == .outdated)
            }
            await #expect(throws: MigrationError.nothingToRollBack) { try await migrator.down() }
            // Only the history table is left.
            #expect(
                try await database.sql(
                    "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' "
                        + "AND relnamespace = 'public'::regnamespace"
                ) == "yoshikosan_schema_migrations"
            )
            #expect(
                try await database.sql(
                    "SELECT count(*) FROM pg_proc "
                        + "WHERE pronamespace = 'public'::regnamespace"
                ) == "0"
            )

            #expect(try await migrator.up().count == count)
            #expect(try await database.sql(Self.schema) == before)
        }
    }

    /// D2: several migrators at once apply each migration once, and all succeed.
    @Test func severalAtOnceApplyEachOnce() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let list = (1...5).map { number in
                Self.migration(
                    Int32(number),
                    "CREATE TABLE t\(number) (); SELECT pg_sleep(0.02);",
                    "DROP TABLE t\(number);"
                )
            }
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let migrator = Migrator(
                            database.configuration,
                            migrations: list,
                            logger: TestDatabase.silentLogger
                        )
                        return try await migrator.up().count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(applied == 5)
            #expect(
                try await database.sql(
                    "SELECT string_agg(version::text, ',' ORDER BY version) "
                        + "FROM yoshikosan_schema_migrations"
                ) == "1,2,3,4,5"
            )
        }
    }

    /// D1: A migration that fails changes nothing, and the error names file and line.
    @Test func rollsBackOnFailure() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let list = [
                Self.migration(1, "CREATE TABLE one ();", "DROP TABLE one;"),
                Self.migration(2, "CREATE TABLE two ();\n-- é\nCREATE TABLE nonsense (x nosuchtype);\n", "SELECT 1;"),
            ]
            let migrator = Migrator(database.configuration, migrations: list, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            let text = error?.description ?? ""
            #expect(text.contains("0002_test.up.sql:3") && text.contains("nosuchtype") && text.contains("42704"))
            let states = try await migrator.status().map(\.state)
            #expect(states == [.applied, .pending])
            #expect(try await database.sql("SELECT to_regclass('two')") == nil)
        }
    }

    @Test(
        "W52: A failed migration stops the server only if its SQL is wrong",
        arguments: [
            ("42501", true), ("42710", true), ("53100", true), ("57014", true), ("42704", false), ("23505", false),
            // An object in use, an event trigger that rejects the statement.
            ("55006", true), ("P0001", true),
        ]
    )
    func failures(sqlState: String, isRepairable: Bool) {
        let error = MigrationError.failed(file: "0002_test.up.sql", line: 3, sqlState: sqlState, message: "no")
        #expect(error.isRepairable == isRepairable)
        #expect(error.description.contains("MIGRATION_DATABASE_URL") == ["42501", "42710"].contains(sqlState))
    }

    /// D1, D2: A migrator that is killed leaves no change, no record and no lock.
    @Test func rollsBackWhenConnectionDies() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let slow = [Self.migration(1, "CREATE TABLE half (); SELECT pg_sleep(60);", "DROP TABLE half;")]
            let dying = Task {
                try await Migrator(database.configuration, migrations: slow, logger: TestDatabase.silentLogger).up()
            }
            try await eventually("the statement is cancelled") {
                try await database.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        + "WHERE datname = current_database() AND wait_event = 'PgSleep'"
                ) == "t"
            }
            let error = await #expect(throws: PostgresError.self) { try await dying.value }
            #expect(error?.isConnectionLost == true)
            #expect(try await database.sql("SELECT to_regclass('half')") == nil)
            #expect(try await database.sql("SELECT to_regclass('yoshikosan_schema_migrations')") == nil)

            let quick = [Self.migration(1, "CREATE TABLE half ();", "DROP TABLE half;")]
            let migrator = Migrator(database.configuration, migrations: quick, logger: TestDatabase.silentLogger)
            #expect(try await migrator.up().count == 1)
        }
    }

    /// D1: An applied migration whose file was edited is rejected by name, in both directions.
    @Test func rejectsEditedMigration() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let original = [Self.migration(1, "CREATE TABLE a ();", "DROP TABLE a;")]
            try await Migrator(database.configuration, migrations: original, logger: TestDatabase.silentLogger).up()
            let edited = [
                Self.migration(1, "CREATE TABLE a (x int);", "DROP TABLE a;"),
                Self.migration(2, "CREATE TABLE b ();", "DROP TABLE b;"),
            ]
            let migrator = Migrator(database.configuration, migrations: edited, logger: TestDatabase.silentLogger)
            let rejection = MigrationError.edited(version: 1, file: "0001_test.up.sql")
            await #expect(throws: rejection) { try await migrator.up() }
            await #expect(throws: rejection) { try await migrator.down() }
            #expect(rejection.description.contains("0001_test.up.sql"))
            #expect(try await migrator.status().map(\.state) == [.edited, .pending])
            #expect(try await database.sql("SELECT to_regclass('b')") == nil)
        }
    }

    /// D1: During the deployment of a newer release, the older one starts, but cannot revert the newer schema.
    @Test func newerSchemaIsAccepted() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let newer = (1...2).map { Self.migration(Int32($0), "CREATE TABLE t\($0) ();", "DROP TABLE t\($0);") }
            try await Migrator(database.configuration, migrations: newer, logger: TestDatabase.silentLogger).up()
            let older = Migrator(
                database.configuration,
                migrations: Array(newer.prefix(1)),
                logger: TestDatabase.silentLogger
            )
            #expect(try await older.up().isEmpty)
            #expect(try await older.status().map(\.state) == [.applied, .unknown])
            #expect(try await Self.readiness(of: database, Array(newer.prefix(1))) != .outdated)
            await #expect(throws: MigrationError.unknown(version: 2, name: "test")) { try await older.down() }
        }
    }

    /// D1: A script that contains COMMIT is rejected, because it could leave a partial change.
    @Test func rejectsScriptThatCommits() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let list = [Self.migration(1, "CREATE TABLE a (); COMMIT;", "DROP TABLE a;")]
            let migrator = Migrator(database.configuration, migrations: list, logger: TestDatabase.silentLogger)
            let error = await #expect(throws: PostgresError.self) { try await migrator.up() }
            #expect(error?.kind == .misuse)
        }
    }

    /// D1: the time limits of serving connections do not apply to migrations.
    @Test func servingLimitsDoNotApply() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.statementTimeout = .milliseconds(50)
            configuration.jobTimeout = .milliseconds(60)
            let list = [Self.migration(1, "SELECT pg_sleep(0.2);", "SELECT 1;")]
            let applied = try await Migrator(configuration, migrations: list, logger: TestDatabase.silentLogger).up()
            #expect(applied.count == 1)
        }
    }

    /// Tables, columns, constraints and indexes in one text.
    private static let schema = """
        SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
            SELECT format('%s.%s %s %s', table_name, column_name, data_type, column_default) AS line
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        ) AS lines
        """

    private static func migration(_ version: Int32, _ up: String, _ down: String) -> Migration {
        Migration(version: version, name: "test", up: Array(up.utf8), down: Array(down.utf8))
    }

    private static func readiness(
        of database: TestDatabase,
        _ migrations: [Migration] = Migrations.all
    ) async throws -> Readiness {
        try await database.pool.withConnection { try Readiness.of(PostgresReader($0), migrations: migrations) }
    }
}
