import Dispatch
import Foundation
import Testing

@testable import AuthAPI

/// D6: reads that wait at the same time share a round trip, and nothing else.
@Suite struct PostgresReadTests {
    /// The transaction in which the statement runs, by the time of its beginning.
    private struct Transaction: Statement {
        static let sql: StaticString = "SELECT transaction_timestamp()::text"
        static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
    }

    private struct Divide: Statement {
        static let sql: StaticString = "SELECT 60 / $1"
        let by: Int32
        var parameters: [PostgresValue] { [.int4(by)] }
        static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
    }

    private struct Nothing: Statement {
        static let sql: StaticString = "SELECT 1 WHERE false"
        static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
    }

    private struct Lock: Statement {
        static let sql: StaticString = "SELECT pg_try_advisory_lock(7)"
        static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
    }

    private struct Unlock: Statement {
        static let sql: StaticString = "SELECT pg_advisory_unlock(7)"
        static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
    }

    /// Waits for the lock, and gives it back at once.
    private struct LockAndUnlock: Statement {
        static let sql: StaticString = "SELECT pg_advisory_lock(7) IS NOT NULL AND pg_advisory_unlock(7)"
        static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
    }

    private struct EndConnection: Statement {
        static let sql: StaticString = "SELECT pg_terminate_backend(pg_backend_pid())"
        static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
    }

    /// Hands reads in while the only worker is busy, so that they all wait, and gives what became of each, in order.
    private func together<Value: Sendable>(
        _ pool: PostgresPool,
        _ reads: [@Sendable () async throws -> Value]
    ) async throws -> [Result<Value, any Error>] {
        while !pool.isConnected { await Task.yield() }
        let gate = DispatchSemaphore(value: 0)
        let (started, starter) = AsyncStream.makeStream(of: Void.self)
        let blocker = Task {
            try await pool.withConnection { _ in
                starter.finish()
                gate.wait()
            }
        }
        for await _ in started {}
        var tasks: [Task<Value, any Error>] = []
        for read in reads {
            tasks.append(Task { try await read() })
            // One after the other, so that their order is known.
            while pool.snapshot.waiting < tasks.count { await Task.yield() }
        }
        gate.signal()
        try await blocker.value
        var results: [Result<Value, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    /// What came of each; nil for an error.
    private func values<Value>(_ results: [Result<Value, any Error>]) -> [Value?] { results.map { try? $0.get() } }

    private func withPool(_ body: (PostgresPool, TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.poolSize = 1
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            try await body(pool, database)
            await pool.close()
        }
    }

    @Test("Reads that wait share a transaction, up to a number; one alone has its own")
    func sharing() async throws {
        try await withPool { pool, _ in
            let read: @Sendable () async throws -> String? = { try await pool.first(Transaction()) }
            let count = PostgresJobQueue.mostTogether + 4
            let results = try await together(pool, Array(repeating: read, count: count))
            let times = try results.map { try $0.get() }
            #expect(Set(times.prefix(PostgresJobQueue.mostTogether)).count == 1)
            #expect(Set(times.suffix(4)).count == 1)
            #expect(Set(times).count == 2)
            #expect(try await read() != read())
        }
    }

    @Test("A job that is no such read keeps its place between them")
    func order() async throws {
        try await withPool { pool, _ in
            let read: @Sendable () async throws -> String? = { try await pool.first(Transaction()) }
            let other: @Sendable () async throws -> String? = {
                try await pool.withConnection { try $0.one(Transaction()) }
            }
            let results = try await together(pool, [read, read, other, read, read])
            let times = try results.compactMap { try $0.get() }
            #expect(times[0] == times[1] && times[3] == times[4])
            #expect(times == times.sorted() && Set(times).count == 3)
        }
    }

    @Test("Each gets its own row, or that there is none, and a fault is that of one alone")
    func faults() async throws {
        try await withPool { pool, _ in
            let reads: [@Sendable () async throws -> Int32?] =
                [1, 2, 0, 3, 0, 4].map { by in { try await pool.first(Divide(by: by)) } } + [
                    { try await pool.first(Nothing()) }
                ]
            let results = try await together(pool, reads)
            #expect(values(results) == [60, 30, nil, 20, nil, 15, .some(nil)])
            for index in [2, 4] {
                let error = #expect(throws: PostgresError.self) { _ = try results[index].get() }
                #expect(error?.sqlState == "22012")
            }
            #expect(try await pool.first(Divide(by: 6)) == 10)
        }
    }

    @Test("A statement that cannot be prepared does not spoil the others")
    func unprepared() async throws {
        try await withPool { pool, database in
            let notes: @Sendable () async throws -> Int32? = { try await pool.first(TestStatements.AllNotes()) }
            let sum: @Sendable () async throws -> Int32? = { try await pool.first(Divide(by: 2)) }
            let before = try await together(pool, [sum, notes, sum])
            #expect(values(before) == [30, nil, 30])
            let error = #expect(throws: PostgresError.self) { _ = try before[1].get() }
            #expect(error?.sqlState == "42P01")
            _ = try await pool.withConnection { try $0.run(TestStatements.MakeNotes()) }
            _ = try await pool.withConnection { try $0.run(TestStatements.AddNote(id: 7)) }
            let after = try await together(pool, [sum, notes])
            #expect(values(after) == [30, 7])
            // A plan that has gone stale is made again.
            try await database.sql("ALTER TABLE notes ADD COLUMN more text")
            let stale = try await together(pool, [sum, notes, notes])
            #expect(values(stale) == [30, 7, 7])
        }
    }

    @Test("D7: when the connection breaks, all that were under way are told, and the next has another")
    func lostConnection() async throws {
        try await withPool { pool, _ in
            let sum: @Sendable () async throws -> Bool? = { try await pool.first(Divide(by: 2)) == 30 }
            let end: @Sendable () async throws -> Bool? = { try await pool.first(EndConnection()) }
            let results = try await together(pool, [sum, end, sum])
            for result in results {
                let error = #expect(throws: PostgresError.self) { _ = try result.get() }
                #expect(error?.isUnavailable == true)
            }
            #expect(try await pool.first(Divide(by: 2)) == 30)
        }
    }

    @Test("D7: a read whose worker does not come back goes to another, without waiting for more")
    func stuckWorker() async throws {
        try await TestDatabase.with(migrated: false) { database in
            var configuration = database.configuration
            configuration.poolSize = 2
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            while pool.snapshot.connected < 2 { await Task.yield() }
            // Until the test is done with it: an advisory lock that another connection holds.
            let gate = DispatchSemaphore(value: 0)
            let holder = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            let (held, holding) = AsyncStream.makeStream(of: Void.self)
            let holds = Task {
                try await holder.withConnection { db in
                    _ = try db.one(Lock())
                    holding.finish()
                    gate.wait()
                    _ = try db.one(Unlock())
                }
            }
            for await _ in held {}
            let stuck = Task { try await pool.first(LockAndUnlock()) }
            let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while try await database.sql(waiting) != "1" { await Task.yield() }
            for _ in 0..<3 { #expect(try await pool.first(Divide(by: 2)) == 30) }
            gate.signal()
            try await holds.value
            #expect(try await stuck.value == true)
            await pool.close()
            await holder.close()
        }
    }

    @Test("D7: a read that has no time left takes none from the others")
    func noTimeLeft() async throws {
        try await withPool { pool, _ in
            let sum: @Sendable () async throws -> Int32? = { try await pool.first(Divide(by: 2)) }
            let spent: @Sendable () async throws -> Int32? = {
                let patience = DatabasePatience()
                patience.spend(since: Deadline(nanoseconds: Deadline.now.nanoseconds - 3_000_000_000))
                return try await DatabasePatience.$current.withValue(patience) { try await pool.first(Divide(by: 3)) }
            }
            let backend = try await pool.first(TestStatements.BackendPID())
            let late = await #expect(throws: PostgresError.self) { _ = try await spent() }
            #expect(late?.kind == .unavailable(.waitedTooLong))
            let results = try await together(pool, [sum, sum])
            #expect(values(results) == [30, 30])
            #expect(try await pool.first(TestStatements.BackendPID()) == backend)
        }
    }

    @Test("A read that is cancelled while it waits leaves the others alone")
    func cancelled() async throws {
        try await withPool { pool, _ in
            let sum: @Sendable () async throws -> Int32? = { try await pool.first(Divide(by: 2)) }
            let cancelled: @Sendable () async throws -> Int32? = {
                let task = Task { try await pool.first(Divide(by: 3)) }
                // It waits beside the others for as long as the test needs to hand the next one in.
                while pool.snapshot.waiting < 2 { await Task.yield() }
                task.cancel()
                await #expect(throws: CancellationError.self) { _ = try await task.value }
                return try await pool.first(Divide(by: 4))
            }
            let results = try await together(pool, [sum, cancelled, sum])
            #expect(values(results) == [30, 15, 30])
        }
    }
}
