import Foundation
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W57: Other sessions do not queue behind a lock that a migration waits for.
@Suite struct MigrationLockTests {
    private struct HoldLock: Statement {
        static let sql: StaticString = "LOCK TABLE notes IN ACCESS SHARE MODE"
    }

    private static let migrations = [
        Migration(version: 1, name: "notes", up: Array("CREATE TABLE notes (id int4);".utf8), down: []),
        Migration(version: 2, name: "more", up: Array("ALTER TABLE notes ADD COLUMN body text;".utf8), down: []),
    ]

    /// Runs `body` while another session, which calls itself pg_dump, reads `notes` in a transaction that stays open.
    private static func whileDumping(_ body: (TestDatabase, Gate, LogRecorder, Logger) async throws -> Void)
        async throws
    {
        try await TestDatabase.with(migrated: false) { database in
            let first = Array(migrations.prefix(1))
            try await Migrator(database.configuration, migrations: first, logger: TestDatabase.silentLogger).up()
            var configuration = try PostgresConfiguration(url: database.url)
            configuration.applicationName = "pg_dump"
            configuration.poolSize = 1
            configuration.jobTimeout = nil
            configuration.idleInTransactionTimeout = nil
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            let gate = Gate()
            async let holding: Void = pool.transaction { db in
                _ = try db.run(HoldLock())
                gate.wait()
            }
            await gate.entered()
            let logs = LogRecorder()
            let logger = Logger(label: "test") { _ in
                JSONLogHandler(format: .json, logLevel: .info, write: logs.append)
            }
            let result: Result<Void, any Error>
            do { result = .success(try await body(database, gate, logs, logger)) } catch { result = .failure(error) }
            gate.open()
            try await holding
            await pool.close()
            try result.get()
        }
    }

    @Test("W57: The blocking session is named, readers continue, and the migration is applied when the lock is free")
    func triedAgain() async throws {
        try await Self.whileDumping { database, gate, logs, logger in
            let migrator = Migrator(database.configuration, migrations: Self.migrations, logger: logger)
            let migrating = Task { try await migrator.up().count }
            try await eventually("the wait is logged") {
                logs.all.contains { line in
                    line.contains("waiting for a lock") && line.contains("application pg_dump")
                        && line.contains("canceling statement due to lock timeout")
                }
            }
            // A request waits for two seconds, the migration for one.
            try await PostgresPool.with(database.configuration, logger: TestDatabase.silentLogger) { pool in
                var reads: [Int64] = []
                for _ in 0..<3 where reads.isEmpty {
                    reads = (try? await pool.withConnection { try $0.all(CountNotes()) }) ?? []
                }
                #expect(reads == [0])
            }
            gate.open()
            #expect(try await migrating.value == 1)
        }
    }

    @Test("W57: After the timeout, the error names the blocking session, with status 69")
    func givesUp() async throws {
        try await Self.whileDumping { database, _, _, logger in
            let migrator = Migrator(
                database.configuration,
                migrations: Self.migrations,
                lockRetryLimit: .zero,
                logger: logger
            )
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            guard case .locked(let holders) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(holders.count == 1 && holders.first?.application == "pg_dump")
            let ending = try #require(CommandEnding(of: MigrationError.locked(holders: holders)))
            #expect(ending.status == 69 && ending.explanation.contains("pid \(holders[0].pid) (application pg_dump"))
            #expect(!ending.explanation.contains("ACCESS SHARE"))
        }
    }

    private struct CountNotes: Statement {
        static let sql: StaticString = "SELECT count(*) FROM notes"
        static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
    }
}
