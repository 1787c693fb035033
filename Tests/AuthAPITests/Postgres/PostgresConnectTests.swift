import Foundation
import InMemoryLogging
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W11: nobody waits for a host that does not answer longer than they want to.
@Suite struct PostgresConnectTests {
    private static func configuration(_ listener: DeafListener, _ more: String = "") throws -> PostgresConfiguration {
        var configuration = try PostgresConfiguration(
            url: "host=127.0.0.1 port=\(listener.port) user=nobody dbname=nothing sslmode=disable \(more)"
        )
        configuration.poolSize = 2
        configuration.connectTimeout = .seconds(60)
        return configuration
    }

    @Test("W11: closing does not wait for a host that takes a connection and says nothing", arguments: [false, true])
    func closing(full: Bool) async throws {
        let listener = try DeafListener(full: full)
        let pool = PostgresPool(try Self.configuration(listener), logger: TestDatabase.silentLogger)
        let clock = ContinuousClock()
        let waiting = Task { try await pool.ping() }
        while pool.snapshot.waiting < 1 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let start = clock.now
        await pool.close()
        #expect(clock.now - start < .seconds(2))
    }

    @Test("W11: who still waits when the pool is closed is told, and closing is over in time")
    func closingWithJobs() async throws {
        let listener = try DeafListener()
        var configuration = try Self.configuration(listener)
        configuration.waitTimeout = nil
        configuration.drainTimeout = .milliseconds(300)
        let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
        let waiting = Task { try await pool.ping() }
        while pool.snapshot.waiting < 1 { await Task.yield() }
        let clock = ContinuousClock()
        let start = clock.now
        await pool.close()
        #expect(clock.now - start < .seconds(3))
        let error = await #expect(throws: PostgresError.self) { try await waiting.value }
        #expect(error?.kind == .unavailable(.closed))
    }

    @Test("W11: a thread that nothing reaches, as the system's resolver holds one, is not waited for")
    func unreachableThread() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.drainTimeout = .milliseconds(200)
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            let gate = Gate()
            let held = Task { try await pool.withConnection { _ in gate.wait() } }
            await gate.entered()
            let clock = ContinuousClock()
            let start = clock.now
            await pool.close()
            #expect((.milliseconds(200)...Duration.seconds(4)).contains(clock.now - start))
            gate.open()
            try await held.value
        }
    }

    @Test("W11: what runs when the time for draining is over ends on the server, too")
    func closingStopsWhatRuns() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.drainTimeout = .milliseconds(200)
            configuration.statementTimeout = nil
            configuration.jobTimeout = nil
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            let running = Task {
                _ = try await pool.withConnection { try $0.run(TestStatements.Sleep(milliseconds: 60_000)) }
            }
            let sleeping =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            while try await database.sql(sleeping) != "1" { await Task.yield() }
            await pool.close()
            let error = await #expect(throws: PostgresError.self) { try await running.value }
            #expect(error?.kind == .unavailable(.noAnswer))
            #expect(try await database.sql(sleeping) == "0")
        }
    }

    @Test("W11: the connect timeout ends an attempt", arguments: [false, true])
    func timeout(full: Bool) async throws {
        let listener = try DeafListener(full: full)
        var configuration = try Self.configuration(listener)
        configuration.connectTimeout = .milliseconds(300)
        let clock = ContinuousClock()
        let start = clock.now
        let error = try await TestCommand.onThread { [configuration] in
            #expect(throws: PostgresError.self) { _ = try PostgresLink(configuration) }
        }
        #expect(error?.kind == .unavailable(.notConnected))
        #expect(error?.detail.contains("timeout expired") == true)
        #expect((.milliseconds(300)...Duration.seconds(5)).contains(clock.now - start))
    }

    @Test("D7, W11: a host that does not answer is passed over for the next")
    func nextHost() async throws {
        let listener = try DeafListener()
        try await TestPostgres.with { server in
            var configuration = try PostgresConfiguration(
                url:
                    "host=127.0.0.1,\(server.directory.path()) port=\(listener.port),\(server.port) user=postgres dbname=postgres sslmode=disable"
            )
            configuration.connectTimeout = .milliseconds(300)
            configuration.waitTimeout = .seconds(30)
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { try await $0.ping() }
        }
    }

    @Test("W11: a migration that waits for its lock ends at once with its task, and lets go of the server")
    func waitingMigration() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let migration = Migration(
                version: 1,
                name: "test",
                up: Array("SELECT 1;".utf8),
                down: Array("SELECT 1;".utf8)
            )
            let logs = LogRecorder()
            let logger = Logger(label: "test") { _ in
                JSONLogHandler(format: .json, logLevel: .info, write: logs.append)
            }
            let migrator = Migrator(database.configuration, migrations: [migration], logger: logger)
            let gate = Gate()
            let holds = Task {
                try await database.pool.transaction { db in
                    let isHeld = try db.one(TryLockMigrations())
                    #expect(isHeld)
                    gate.wait()
                }
            }
            await gate.entered()
            let waiting = Task { try await migrator.up() }
            try await eventually { logs.all.contains { $0.contains("waiting for another migration") } }
            let clock = ContinuousClock()
            let start = clock.now
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(clock.now - start < .seconds(2))
            // It was the other process' lock all the time.
            let locks =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            #expect(try await database.sql(locks) == "1")
            gate.open()
            try await holds.value
        }
    }

    @Test("W59: whom the server refuses is told at once, in its words, where nobody is to wait for it")
    func refusal() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = try PostgresConfiguration(
                url: TestDatabase.connectionString(database.url, database: "nothing_\(TestDatabase.randomName())")
            )
            configuration.endsWhenRefused = true
            configuration.waitTimeout = .seconds(60)
            let clock = ContinuousClock()
            let start = clock.now
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
                #expect(error?.kind == .unavailable(.refused) && error?.sqlState == "3D000")
                #expect(error?.operatorText.contains("does not exist (SQLSTATE 3D000)") == true)
            }
            #expect(clock.now - start < .seconds(10))
            configuration.endsWhenRefused = false
            configuration.waitTimeout = .milliseconds(500)
            // Who waits for a server that is being set up is told at the end why it was in vain.
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
                #expect(error?.isUnavailable == true && error?.sqlState == "3D000")
            }
        }
    }

    @Test(
        "W51: what statements rely on is set, whatever role, database and environment say; what is the operator's is not"
    )
    func settings() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let name = try await database.sql("SELECT current_database()") ?? ""
            let theirs = [
                ("default_transaction_isolation", "serializable"), ("statement_timeout", "7"), ("lock_timeout", "7"),
                ("idle_in_transaction_session_timeout", "7"), ("TimeZone", "Asia/Tokyo"), ("DateStyle", "German"),
                ("standard_conforming_strings", "off"), ("idle_session_timeout", "70"), ("search_path", "elsewhere"),
                ("default_transaction_read_only", "on"), ("client_connection_check_interval", "0"),
            ]
            let admin = try PostgresConfiguration(url: TestDatabase.serverURL())
            for (setting, value) in theirs {
                try await TestSQL.run("ALTER DATABASE \(name) SET \(setting) = '\(value)'", on: admin)
            }
            let seen = try await PostgresPool.with(database.configuration, logger: TestDatabase.silentLogger) { pool in
                try await pool.reading { db in
                    try theirs.map { try db.one(TestStatements.Setting(name: $0.0)) }
                }
            }
            #expect(
                seen == [
                    "read committed", "2500ms", "2s", "5s", "UTC", "ISO, DMY", "on", "0", "elsewhere", "on", "1s",
                ]
            )
        }
    }

    @Test(
        "W61: what the server says beside its answers is one line of the log for the process, and none of standard error"
    )
    func notices() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let name = try await database.sql("SELECT current_database()") ?? ""
            let admin = try PostgresConfiguration(url: TestDatabase.serverURL())
            try await TestSQL.run("UPDATE pg_database SET datcollversion = '1.0' WHERE datname = '\(name)'", on: admin)
            let logs = InMemoryLogHandler()
            for _ in 0..<2 {
                var configuration = database.configuration
                configuration.poolSize = 4
                let logger = Logger(label: "test") { _ in logs }
                try await PostgresPool.with(configuration, logger: logger) { pool in
                    while pool.snapshot.connected < 4 { try await pool.ping() }
                }
            }
            let lines = logs.entries.filter { $0.level == .warning }
            #expect(lines.count == 1)
            let notice = lines.first?.metadata["notice"]?.description ?? ""
            #expect(notice.contains(name) && notice.contains("collation version"))
        }
    }
}
