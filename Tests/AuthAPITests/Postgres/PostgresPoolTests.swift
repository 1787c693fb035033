import Dispatch
import Foundation
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D6: waiting is bounded in number and in time; ending is orderly.
@Suite struct PostgresPoolTests {
    /// Keeps a pool's only worker busy until released.
    private struct Blocker {
        let task: Task<Void, any Error>
        let gate = DispatchSemaphore(value: 0)

        init(_ pool: PostgresPool) async {
            // Else a short waiting time could be over before there is a connection.
            while !pool.isConnected { await Task.yield() }
            let (started, starter) = AsyncStream.makeStream(of: Void.self)
            task = Task { [gate] in
                defer { starter.finish() }
                try await pool.withConnection { _ in
                    starter.finish()
                    gate.wait()
                }
            }
            for await _ in started {}
        }

        func release() async throws {
            gate.signal()
            try await task.value
        }
    }

    private static func pool(
        _ database: TestDatabase,
        _ change: (inout PostgresConfiguration) -> Void = { _ in }
    ) -> PostgresPool {
        var configuration = database.configuration
        configuration.poolSize = 1
        change(&configuration)
        return PostgresPool(configuration, logger: TestDatabase.silentLogger)
    }

    /// D6: a job waits for a worker no longer than the waiting time, though the worker never gets free.
    @Test func waitingEnds() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.waitTimeout = .milliseconds(500) }
            let blocker = await Blocker(pool)
            let clock = ContinuousClock()
            let start = clock.now
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .unavailable(.waitedTooLong))
            #expect(error?.isUnavailable == true)
            #expect((.milliseconds(500)...Duration.seconds(3)).contains(clock.now - start))
            #expect(pool.snapshot.expired == 1)
            try await blocker.release()
            try await pool.ping()
            await pool.close()
        }
    }

    /// D7: jobs that write and are held up leave a worker to those that only read.
    @Test func writersLeaveAWorkerToReaders() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.poolSize = 2 }
            let writer = await Blocker(pool)
            let next = Task { try await pool.withConnection { _ in } }
            while pool.snapshot.waiting < 1 { await Task.yield() }
            for _ in 0..<3 { #expect(try await pool.reading { try $0.one(TestStatements.BackendPID()) } > 0) }
            #expect(pool.snapshot.waiting == 1)
            try await writer.release()
            try await next.value
            await pool.close()
        }
    }

    /// D7: the jobs of one request wait no longer in all than one of them may.
    @Test func jobsOfOneRequestShareALimit() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let budget = DatabaseBudget()
            budget.spend(since: Deadline(nanoseconds: Deadline.now.nanoseconds - 2_500_000_000))
            let clock = ContinuousClock()
            let start = clock.now
            await DatabaseBudget.$current.withValue(budget) {
                for _ in 0..<3 {
                    let error = await #expect(throws: PostgresError.self) {
                        try await database.pool.withConnection {
                            _ = try $0.run(TestStatements.Sleep(milliseconds: 60_000))
                        }
                    }
                    #expect(error?.isUnavailable == true)
                }
            }
            #expect(clock.now - start < .seconds(2))
            try await database.pool.ping()
        }
    }

    /// D6: when the queue is full, further jobs are refused at once.
    @Test func fullQueueRefuses() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.queueLimit = 2 }
            let blocker = await Blocker(pool)
            let waiting = (0..<2).map { _ in Task { try await pool.ping() } }
            while pool.snapshot.waiting < 2 { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .unavailable(.queueFull))
            let snapshot = pool.snapshot
            #expect(snapshot.waiting == 2 && snapshot.busy == 1 && snapshot.connected == 1 && snapshot.refused == 1)
            try await blocker.release()
            for task in waiting { try await task.value }
            await pool.close()
        }
    }

    /// D6: those who write cannot take all places from those who read.
    @Test func writersLeavePlacesToReaders() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.queueLimit = 4 }
            let blocker = await Blocker(pool)
            let writers = (0..<3).map { _ in Task { try await pool.withConnection { _ in } } }
            while pool.snapshot.waiting < 3 { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
            #expect(error?.kind == .unavailable(.queueFull))
            let reader = Task { try await pool.ping() }
            while pool.snapshot.waiting < 4 { await Task.yield() }
            try await blocker.release()
            for task in writers + [reader] { try await task.value }
            await pool.close()
        }
    }

    @Test func cancellingAWaitingJobEndsItAtOnce() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database)
            let blocker = await Blocker(pool)
            let waiting = Task { try await pool.ping() }
            while pool.snapshot.waiting < 1 { await Task.yield() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(pool.snapshot.waiting == 0)

            // A task that was cancelled before it came.
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await pool.ping()
            }
            await #expect(throws: CancellationError.self) { try await late.value }

            // A job under way is not stopped.
            blocker.task.cancel()
            try await blocker.release()
            await pool.close()
        }
    }

    /// E7: closing finishes what was handed in and refuses the rest.
    @Test func closingDrains() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database)
            let blocker = await Blocker(pool)
            let waiting = (0..<5).map { _ in Task { try await pool.ping() } }
            while pool.snapshot.waiting < 5 { await Task.yield() }
            let closing = Task { await pool.close() }
            while !pool.snapshot.isClosing { await Task.yield() }
            try await blocker.release()
            await closing.value
            for task in waiting { try await task.value }
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .unavailable(.closed))
            #expect(pool.snapshot.connected == 0)
        }
    }

    /// E7: closing does not wait for a server that is away; jobs that nobody can serve are refused.
    @Test func closingWithoutServer() async throws {
        var configuration = try PostgresConfiguration(url: "host=/nonexistent user=nobody dbname=nothing")
        configuration.waitTimeout = nil
        configuration.backoff = .seconds(60)...Duration.seconds(60)
        let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
        let waiting = (0..<3).map { _ in Task { try await pool.ping() } }
        while pool.snapshot.waiting < 3 { await Task.yield() }
        #expect(!pool.isConnected)
        await pool.close()
        for task in waiting {
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .unavailable(.closed))
        }
    }

    /// E7: as a service it ends with graceful shutdown.
    @Test func runEndsWithGracefulShutdown() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database)
            try await testGracefulShutdown { trigger in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await pool.run() }
                    try await pool.ping()
                    trigger.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
            #expect(pool.snapshot.connected == 0)
        }
    }

    /// A pool that is simply dropped ends its threads and connections, too.
    @Test func droppedPoolDisconnects() async throws {
        try await TestDatabase.with(migrated: false) { database in
            do {
                let pool = Self.pool(database) { $0.applicationName = "dropped" }
                try await pool.ping()
            }
            let count =
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dropped' "
                + "AND datname = current_database()"
            let clock = ContinuousClock()
            let start = clock.now
            while try await database.sql(count) != "0" {
                try #require(clock.now - start < .seconds(10))
            }
        }
    }

    /// D7: a statement that takes too long is ended by the server; the connection stays good.
    @Test func statementTimeout() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.statementTimeout = .milliseconds(100) }
            let before = try await pool.withConnection { try $0.one(TestStatements.BackendPID()) }
            let error = await #expect(throws: PostgresError.self) {
                _ = try await pool.withConnection { try $0.run(TestStatements.Sleep(milliseconds: 60_000)) }
            }
            #expect(error?.sqlState == "57014" && error?.isUnavailable == true)
            #expect(try await pool.withConnection { try $0.one(TestStatements.BackendPID()) } == before)
            await pool.close()
        }
    }

    /// Many more jobs than workers, from many tasks, all answered, each with its own result.
    @Test func manyJobs() async throws {
        struct Echo: Statement {
            static let sql: StaticString = "SELECT $1"
            let number: Int32
            var parameters: [PostgresValue] { [.int4(number)] }
            static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
        }
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) {
                $0.poolSize = 3
                $0.queueLimit = 100
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<50 {
                    group.addTask {
                        for number in 0..<40 {
                            let value = Int32(task * 1000 + number)
                            let echo = try await pool.withConnection { try $0.one(Echo(number: value)) }
                            #expect(echo == value)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(pool.snapshot.refused == 0 && pool.snapshot.waiting == 0)
            await pool.close()
        }
    }
}
