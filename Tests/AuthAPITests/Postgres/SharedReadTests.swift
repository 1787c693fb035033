import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D6, W14: Lookups that wait at the same time share one read statement.
@Suite struct SharedReadTests {
    /// Divides 60 by each key, and returns the transaction; no row for 7, an error for 0.
    private struct Divide: SharedRead {
        typealias Key = Int
        struct Value: Equatable {
            let value: Int32
            let transaction: String
            let keys: Int64
        }
        static let sql: StaticString = """
            SELECT asked.place, 60 / convert_from(asked.key, 'UTF8')::int4, transaction_timestamp()::text,
                cardinality($1)::int8
            FROM unnest($1) WITH ORDINALITY AS asked (key, place) WHERE asked.key <> '7'
            """
        let keys: [Int]
        init(_ keys: [Int]) { self.keys = keys }
        var parameters: [PostgresValue] { [.bytesArray(keys.map { Array(String($0).utf8) })] }
        static func decode(_ row: PostgresRow) throws -> (place: Int, value: Value) {
            (
                Int(try row.int8(0)) - 1,
                Value(value: try row.int4(1), transaction: try row.text(2), keys: try row.int8(3))
            )
        }
    }

    /// Acquires and releases an advisory lock.
    private struct WaitForLock: SharedRead {
        typealias Key = Int
        typealias Value = Bool
        static let sql: StaticString = """
            SELECT 1::int8, pg_advisory_xact_lock_shared(7) IS NOT NULL WHERE cardinality($1) > 0
            """
        let keys: [Int]
        init(_ keys: [Int]) { self.keys = keys }
        var parameters: [PostgresValue] { [.bytesArray(keys.map { [UInt8($0)] })] }
        static func decode(_ row: PostgresRow) throws -> (place: Int, value: Bool) {
            (Int(try row.int8(0)) - 1, try row.bool(1))
        }
    }

    /// Submits lookups while the only worker is busy, so that they all wait, and returns the results in order.
    private func together<Value: Sendable>(
        _ pool: PostgresPool,
        _ lookups: [@Sendable () async throws -> Value]
    ) async throws -> [Result<Value, any Error>] {
        try await eventually("the pool is connected") { pool.isConnected }
        let gate = Gate()
        let blocker = Task { try await pool.withConnection { _ in gate.wait() } }
        await gate.entered()
        var tasks: [Task<Value, any Error>] = []
        for lookup in lookups {
            tasks.append(Task { try await lookup() })
            // One after the other, so that their order is known.
            try await eventually("\(tasks.count) jobs wait") { pool.snapshot.waiting >= tasks.count }
        }
        gate.open()
        try await blocker.value
        var results: [Result<Value, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    private func withPool(
        size: Int = 1,
        _ body: (PostgresPool, TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.poolSize = size
            // Each test determines what ends a statement.
            configuration.statementTimeout = nil
            configuration.lockTimeout = nil
            configuration.jobTimeout = .seconds(60)
            configuration.waitTimeout = .seconds(60)
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            try await body(pool, database)
            await pool.close()
        }
    }

    private func lookUp(_ pool: PostgresPool, _ key: Int) -> @Sendable () async throws -> Divide.Value? {
        { try await pool.lookUp(Divide.self, for: key) }
    }

    @Test("Waiting lookups share a statement, and equal ones a position")
    func sharing() async throws {
        try await withPool { pool, _ in
            let results = try await together(pool, [2, 3, 2, 7, 5, 3].map { lookUp(pool, $0) })
            let values = try results.map { try $0.get() }
            #expect(values.map { $0?.value } == [30, 20, 30, nil, 12, 20])
            #expect(Set(values.compactMap { $0?.transaction }).count == 1)
            #expect(Set(values.compactMap { $0?.keys }) == [4])
            let alone = try await [lookUp(pool, 2)(), lookUp(pool, 2)()]
            #expect(alone.map { $0?.keys } == [1, 1])
            #expect(alone[0]?.transaction != alone[1]?.transaction)
        }
    }

    @Test("An error of the statement fails exactly the lookups that share it")
    func faults() async throws {
        try await withPool { pool, _ in
            let results = try await together(pool, [1, 0, 2].map { lookUp(pool, $0) })
            for result in results {
                let error = #expect(throws: PostgresError.self) { _ = try result.get() }
                #expect(error?.sqlState == "22012")
            }
            #expect(try await lookUp(pool, 6)()?.value == 10)
        }
    }

    @Test("D7: When the connection breaks, its lookups fail, and the next one uses another connection")
    func lostConnection() async throws {
        try await withPool { pool, database in
            let wait: @Sendable () async throws -> Bool? = { try await pool.lookUp(WaitForLock.self, for: 1) }
            let next = try await holding(database) {
                let stuck = Task { try await together(pool, [wait, wait]) }
                try await waitForWaiters(database, 1)
                let next = Task { try await wait() }
                try await eventually("a job waits") { pool.snapshot.waiting >= 1 }
                try await database.sql("SELECT pg_terminate_backend(pid) FROM \(Self.waiters)")
                for result in try await stuck.value {
                    let error = #expect(throws: PostgresError.self) { _ = try result.get() }
                    #expect(error?.isConnectionLost == true && error?.isUnavailable == true)
                }
                return next
            }
            #expect(try await next.value == true)
        }
    }

    @Test("The result of a lookup is from a statement that was sent after its request")
    func sentAfterwards() async throws {
        try await withPool(size: 2) { pool, database in
            try await database.sql("CREATE TABLE notes (id int4, body text)")
            let first = try await lookUp(pool, 2)()
            try await database.sql("INSERT INTO notes VALUES (1, 'later')")
            let second = try await lookUp(pool, 2)()
            #expect(first?.transaction != second?.transaction)
            let lookups = try await holding(database) {
                let first = Task { try await pool.lookUp(WaitForLock.self, for: 1) }
                try await waitForWaiters(database, 1)
                // A separate statement, although the same lookup is running.
                let second = Task { try await pool.lookUp(WaitForLock.self, for: 1) }
                try await waitForWaiters(database, 2)
                return [first, second]
            }
            for task in lookups { #expect(try await task.value == true) }
        }
    }

    @Test("D7: While a shared statement is blocked, a new lookup uses another worker at once")
    func stuckWorker() async throws {
        try await withPool(size: 2) { pool, database in
            try await eventually("two workers are connected") { pool.snapshot.connected >= 2 }
            let stuck = try await holding(database) {
                let stuck = Task { try await pool.lookUp(WaitForLock.self, for: 1) }
                try await waitForWaiters(database, 1)
                for _ in 0..<3 { #expect(try await lookUp(pool, 2)()?.value == 30) }
                return stuck
            }
            #expect(try await stuck.value == true)
        }
    }

    @Test("W12: When the time of one lookup is over, the others are repeated")
    func mixedBudgets() async throws {
        try await withPool { pool, database in
            let backend = try await pool.reading { try $0.one(TestStatements.BackendPID()) }
            let wait: @Sendable () async throws -> Bool? = { try await pool.lookUp(WaitForLock.self, for: 1) }
            let short: @Sendable () async throws -> Bool? = {
                let budget = DatabaseBudget()
                budget.spend(since: Deadline(nanoseconds: Deadline.now.nanoseconds - 1_600_000_000))
                return try await DatabaseBudget.$current.withValue(budget) { try await wait() }
            }
            let results = try await holding(database) {
                let results = Task { try await together(pool, [wait, short, wait]) }
                try await waitForWaiters(database, 1)
                let began =
                    "SELECT query_start FROM pg_stat_activity WHERE pid = \(backend) AND wait_event = 'advisory'"
                let first = try await database.sql(began)
                // The statement of all three is cancelled; the two that have time left wait for the lock in another
                // one.
                try await eventually("the statement is repeated") {
                    let now = try await database.sql(began)
                    return now != nil && now != first
                }
                return results
            }
            let values = try await results.value
            #expect((try? values[0].get()) == true && (try? values[2].get()) == true)
            let error = #expect(throws: PostgresError.self) { _ = try values[1].get() }
            #expect(error?.kind == .unavailable(.noResponse))
            #expect(try await pool.reading { try $0.one(TestStatements.BackendPID()) } == backend)
        }
    }

    @Test("D7: A lookup without time left does not shorten the time of others")
    func noTimeLeft() async throws {
        try await withPool { pool, _ in
            let spent: @Sendable () async throws -> Divide.Value? = {
                let budget = DatabaseBudget()
                budget.spend(since: Deadline(nanoseconds: Deadline.now.nanoseconds - 3_000_000_000))
                return try await DatabaseBudget.$current.withValue(budget) { try await lookUp(pool, 3)() }
            }
            let late = await #expect(throws: PostgresError.self) { _ = try await spent() }
            #expect(late?.kind == .unavailable(.waitedTooLong))
            let results = try await together(pool, [lookUp(pool, 2), lookUp(pool, 2)])
            #expect(try results.map { try $0.get()?.value } == [30, 30])
        }
    }

    @Test("Cancelling a waiting lookup does not affect the others")
    func cancelled() async throws {
        try await withPool { pool, _ in
            let (cancellation, done) = AsyncStream.makeStream(of: Void.self)
            let cancelled: @Sendable () async throws -> Divide.Value? = {
                let task = Task { try await lookUp(pool, 3)() }
                try await eventually("2 jobs wait") { pool.snapshot.waiting >= 2 }
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                done.finish()
                return try await lookUp(pool, 4)()
            }
            let last: @Sendable () async throws -> Divide.Value? = {
                for await _ in cancellation {}
                return try await lookUp(pool, 2)()
            }
            let results = try await together(pool, [lookUp(pool, 2), cancelled, last])
            #expect(try results.map { try $0.get()?.value } == [30, 15, 30])
        }
    }

    /// The sessions that wait for the lock in this database.
    private static let waiters = """
        pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """

    /// Runs `body` while another connection holds the lock.
    private func holding<Value>(_ database: TestDatabase, _ body: () async throws -> Value) async throws -> Value {
        var configuration = database.configuration
        configuration.jobTimeout = nil
        return try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { holder in
            let gate = Gate()
            let holds = Task {
                try await holder.withConnection { db in
                    try db.run(Lock())
                    gate.wait()
                }
            }
            await gate.entered()
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            gate.open()
            try await holds.value
            return try result.get()
        }
    }

    private func waitForWaiters(_ database: TestDatabase, _ count: Int) async throws {
        try await eventually("\(count) statements wait for the lock") {
            try await database.sql("SELECT count(*) FROM \(Self.waiters)") == "\(count)"
        }
    }

    /// Acquires the lock for the life of the connection.
    private struct Lock: Statement {
        static let sql: StaticString = "SELECT pg_advisory_lock(7)"
    }
}
