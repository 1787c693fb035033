import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W12: The time in the queue and for the statement is one budget; at its end the statement is cancelled and the
/// connection kept.
@Suite struct StatementDeadlineTests {
    private typealias S = TestStatements

    /// The statement that is blocked, after the job has waited for most of its time.
    enum Job: CaseIterable, Sendable {
        case read, write, transaction, secondStatement, lookup

        func run(_ pool: PostgresPool) async throws {
            switch self {
            case .read: _ = try await pool.reading { try $0.all(S.AllNotes()) }
            case .write: try await pool.withConnection { _ = try $0.run(S.AddNote(id: 2)) }
            case .transaction:
                try await pool.transaction { db in
                    _ = try db.one(S.BackendPID())
                    _ = try db.run(S.AddNote(id: 2))
                }
            case .secondStatement:
                try await pool.withConnection { db in
                    _ = try db.run(S.Sleep(milliseconds: 100))
                    _ = try db.run(S.AddNote(id: 2))
                }
            case .lookup: _ = try await pool.lookUp(NoteExists.self, for: 1)
            }
        }
    }

    private struct NoteExists: SharedRead {
        typealias Key = Int
        typealias Value = Int32
        static let sql: StaticString = "SELECT 1::int8, id FROM notes WHERE cardinality($1) > 0"
        let keys: [Int]
        init(_ keys: [Int]) { self.keys = keys }
        var parameters: [PostgresValue] { [.bytesArray(keys.map { [UInt8($0)] })] }
        static func decode(_ row: PostgresRow) throws -> (place: Int, value: Int32) {
            (Int(try row.int8(0)) - 1, try row.int4(1))
        }
    }

    private static let waiters = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        """

    /// Runs `body` while `notes` is locked exclusively.
    private static func locked(_ database: TestDatabase, _ body: () async throws -> Void) async throws {
        try await PostgresPool.with(database.configuration.withoutLimits, logger: TestDatabase.silentLogger) { holder in
            let gate = Gate()
            let holds = Task {
                try await holder.transaction { db in
                    try db.run(LockNotes())
                    gate.wait()
                }
            }
            await gate.entered()
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            gate.open()
            try await holds.value
            try result.get()
        }
    }

    private struct LockNotes: Statement {
        static let sql: StaticString = "LOCK TABLE notes IN ACCESS EXCLUSIVE MODE"
    }

    /// A budget with that much time left.
    private static func budget(left: Duration) -> DatabaseBudget {
        let budget = DatabaseBudget()
        let spent = DatabaseBudget.limit - left
        budget.spend(since: Deadline(nanoseconds: Deadline.now.nanoseconds - UInt64(spent.milliseconds) * 1_000_000))
        return budget
    }

    /// The budget ends long before the server's timeouts: the statement ends, the connection is kept.
    @Test("W12: A job that waited and is then blocked is cancelled when its time is over", arguments: Job.allCases)
    func lockAfterWaiting(job: Job) async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { _ = try $0.run(S.MakeNotes()) }
            var configuration = database.configuration.withoutLimits
            configuration.poolSize = 1
            configuration.statementTimeout = .seconds(60)
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                try await checkCancelled(job, pool, database)
                #expect(try await pool.reading { try $0.one(S.Setting(name: "statement_timeout")) } == "1min")
            }
        }
    }

    private func checkCancelled(_ job: Job, _ pool: PostgresPool, _ database: TestDatabase) async throws {
        let backend = try await pool.reading { try $0.one(S.BackendPID()) }
        let connects = pool.snapshot.connects
        let clock = ContinuousClock()
        try await Self.locked(database) {
            let start = clock.now
            let error = await #expect(throws: PostgresError.self) {
                try await DatabaseBudget.$current.withValue(Self.budget(left: .milliseconds(1500))) {
                    try await job.run(pool)
                }
            }
            #expect(error?.kind == .unavailable(.noResponse))
            #expect(clock.now - start < .seconds(30))
            // The lock is still held; the server has stopped waiting for it, and the connection serves.
            let waiters = try await database.sql(Self.waiters)
            #expect(waiters == "0")
            let now = try await pool.reading { try $0.one(S.BackendPID()) }
            #expect(now == backend && pool.snapshot.connects == connects)
        }
        // No cancelled statement had an effect, and the connection is in no transaction.
        #expect(try await pool.reading { try $0.all(S.AllNotes()) }.isEmpty)
        try await pool.transaction { _ = try $0.run(S.AddNote(id: 1)) }
        #expect(pool.snapshot.connects == connects)
        try await pool.withConnection { _ = try $0.run(DeleteNotes()) }
    }

    private struct DeleteNotes: Statement {
        static let sql: StaticString = "DELETE FROM notes"
    }

    /// Queue and statement together: the only worker is busy part of the time.
    @Test("W12: the time in the queue counts")
    func timeInTheQueue() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { _ = try $0.run(S.MakeNotes()) }
            var configuration = database.configuration
            configuration.poolSize = 1
            configuration.waitTimeout = .seconds(60)
            configuration.statementTimeout = nil
            configuration.lockTimeout = nil
            configuration.jobTimeout = .seconds(8)
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                let backend = try await pool.reading { try $0.one(S.BackendPID()) }
                try await Self.locked(database) {
                    let gate = Gate()
                    let busy = Task { try await pool.withConnection { _ in gate.wait() } }
                    await gate.entered()
                    let clock = ContinuousClock()
                    let start = clock.now
                    let job = Task { try await pool.reading { try $0.all(S.AllNotes()) } }
                    while clock.now - start < .seconds(6) { try await Task.sleep(for: .milliseconds(20)) }
                    gate.open()
                    try await busy.value
                    let running = clock.now
                    let error = await #expect(throws: PostgresError.self) { try await job.value }
                    #expect(error?.kind == .unavailable(.noResponse))
                    // Two seconds are left of the eight.
                    #expect(clock.now - running < .seconds(7))
                    #expect(try await database.sql(Self.waiters) == "0")
                }
                #expect(try await pool.reading { try $0.one(S.BackendPID()) } == backend)
            }
        }
    }

    /// Expects that a slow statement is cancelled, and its connection kept.
    private static func checkStatementIsCancelled(_ configuration: PostgresConfiguration) async throws {
        try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
            let backend = try await pool.reading { try $0.one(S.BackendPID()) }
            let error = await #expect(throws: PostgresError.self) {
                _ = try await pool.withConnection { try $0.run(S.Sleep(milliseconds: 60_000)) }
            }
            #expect(error?.kind == .unavailable(.noResponse))
            #expect(try await pool.reading { try $0.one(S.BackendPID()) } == backend)
        }
    }

    /// D7, W12: Without timeouts of the server, ours cancel the statement.
    @Test func serverWithoutLimit() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.poolSize = 1
            configuration.statementTimeout = nil
            configuration.jobTimeout = .seconds(2)
            try await Self.checkStatementIsCancelled(configuration)
        }
    }

    /// A late cancel request must not cancel the next statement.
    @Test("W12: The statement after a cancelled one is not cancelled")
    func nextStatement() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration.withoutLimits
            configuration.poolSize = 1
            try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                try await pool.ping()
                var cancelled = 0
                for milliseconds in [100, 140, 145, 148, 150, 152, 155, 160, 200, 60_000, 60_000] as [Int64] {
                    do {
                        try await DatabaseBudget.$current.withValue(Self.budget(left: .milliseconds(150))) {
                            _ = try await pool.withConnection { try $0.run(S.Sleep(milliseconds: milliseconds)) }
                        }
                    } catch let error as PostgresError {
                        // Or the deadline passed before the statement.
                        #expect(error.isUnavailable)
                        cancelled += error.kind == .unavailable(.noResponse) ? 1 : 0
                    }
                    // This would be reported as cancelled, although it takes no time.
                    try await pool.ping()
                }
                #expect(cancelled >= 2)
                #expect(pool.snapshot.connects == 1)
            }
        }
    }

    @Test("W12: a statement is cancelled over TLS as well")
    func overTLS() async throws {
        try await TestPostgres.withTLS { server in
            try server.write("local all all trust\nhostssl all all 127.0.0.1/32 trust\n", to: "pg_hba.conf")
            try await TestSQL.run("SELECT pg_reload_conf()", on: try server.configuration())
            var configuration = try PostgresConfiguration(
                url: "postgresql://postgres@127.0.0.1:\(server.port)/postgres?sslmode=require"
            )
            configuration.poolSize = 1
            configuration.jobTimeout = .seconds(2)
            try await Self.checkStatementIsCancelled(configuration)
        }
    }
}
