import Foundation
import InMemoryLogging
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W11: Waits for a host that does not respond are bounded.
@Suite struct PostgresConnectTests {
    private static func configuration(_ listener: UnresponsiveListener, _ more: String = "") throws
        -> PostgresConfiguration
    {
        var configuration = try PostgresConfiguration(
            url: "host=127.0.0.1 port=\(listener.port) user=nobody dbname=nothing sslmode=disable \(more)"
        )
        configuration.poolSize = 2
        configuration.connectTimeout = .seconds(60)
        configuration.drainTimeout = .seconds(60)
        return configuration
    }

    @Test(
        "W11: Closing does not wait for a host that accepts a connection and does not respond",
        arguments: [false, true]
    )
    func closing(full: Bool) async throws {
        let listener = try UnresponsiveListener(full: full)
        let pool = PostgresPool(try Self.configuration(listener), logger: TestDatabase.silentLogger)
        let clock = ContinuousClock()
        let waiting = Task { try await pool.ping() }
        try await eventually("a job waits") { pool.snapshot.waiting >= 1 }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let start = clock.now
        await pool.close()
        // Less than either timeout.
        #expect(clock.now - start < .seconds(30))
    }

    @Test("W11: Waiting jobs fail when the pool closes, and closing ends in time")
    func closingWithJobs() async throws {
        let listener = try UnresponsiveListener()
        var configuration = try Self.configuration(listener)
        configuration.waitTimeout = nil
        configuration.drainTimeout = .milliseconds(300)
        let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
        let waiting = Task { try await pool.ping() }
        try await eventually("a job waits") { pool.snapshot.waiting >= 1 }
        let clock = ContinuousClock()
        let start = clock.now
        await pool.close()
        #expect(clock.now - start < .seconds(30))
        let error = await #expect(throws: PostgresError.self) { try await waiting.value }
        #expect(error?.kind == .unavailable(.closed))
    }

    @Test("W11: A thread blocked in the system's resolver is not waited for")
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
            #expect(clock.now - start >= .milliseconds(200))
            gate.open()
            try await held.value
        }
    }

    @Test("W11: A job that runs after the time for draining also ends on the server")
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
            try await eventually("the statement runs") { try await database.sql(sleeping) == "1" }
            await pool.close()
            let error = await #expect(throws: PostgresError.self) { try await running.value }
            #expect(error?.kind == .unavailable(.noResponse))
            #expect(try await database.sql(sleeping) == "0")
        }
    }

    @Test("W11: The connect timeout aborts an attempt", arguments: [false, true])
    func timeout(full: Bool) async throws {
        let listener = try UnresponsiveListener(full: full)
        var configuration = try Self.configuration(listener)
        configuration.connectTimeout = .milliseconds(300)
        let clock = ContinuousClock()
        let start = clock.now
        let error = try await TestCommand.onThread { [configuration] in
            #expect(throws: PostgresError.self) { _ = try PostgresLink(configuration) }
        }
        #expect(error?.kind == .unavailable(.notConnected))
        #expect(error?.detail.contains("timeout expired") == true)
        #expect(clock.now - start >= .milliseconds(300))
    }

    @Test("D7, W11: A host that does not respond is skipped")
    func nextHost() async throws {
        let listener = try UnresponsiveListener()
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

    @Test("W11: A migration that waits for its lock ends at once with its task, also on the server")
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
            try await eventually("the wait is logged") {
                logs.all.contains { $0.contains("waiting for another migration") }
            }
            let clock = ContinuousClock()
            let start = clock.now
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(clock.now - start < .seconds(30))
            // The other process held the lock all the time.
            let locks =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            #expect(try await database.sql(locks) == "1")
            gate.open()
            try await holds.value
        }
    }

    @Test("W59: A refused connection fails at once with the server's message")
    func rejection() async throws {
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
                #expect(error?.detail.contains("does not exist") == true)
            }
            #expect(clock.now - start < .seconds(30))
            configuration.endsWhenRefused = false
            configuration.waitTimeout = .seconds(3)
            // A job that waits for a server that is being set up gets the reason when it times out.
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
                #expect(error?.isUnavailable == true && error?.sqlState == "3D000")
            }
        }
    }

    @Test(
        "W51: Required settings override role, database and environment; the operator's settings are kept"
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
        "W61: Notices of the server are logged once per process, and not printed to standard error"
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
                    try await pool.ping()
                    try await eventually("every worker is connected") { pool.snapshot.connected == 4 }
                }
            }
            let lines = logs.entries.filter { $0.level == .warning }
            #expect(lines.count == 1)
            let notice = lines.first?.metadata["notice"]?.description ?? ""
            #expect(notice.contains(name) && notice.contains("collation version"))
        }
    }
}
