import Dispatch
import Foundation
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D6: The number and time of waiting jobs are bounded; closing is graceful.
@Suite struct PostgresPoolTests {
    /// Keeps a pool's only worker busy until released.
    private struct Blocker {
        let task: Task<Void, any Error>
        let gate = DispatchSemaphore(value: 0)

        init(_ pool: PostgresPool) async throws {
            // Otherwise a short waiting time could end before there is a connection.
            try await eventually("the pool is connected") { pool.isConnected }
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
        var configuration = database.configuration.withoutLimits
        configuration.poolSize = 1
        change(&configuration)
        return PostgresPool(configuration, logger: TestDatabase.silentLogger)
    }

    /// D6: A job waits no longer than the waiting time.
    @Test func waitingEnds() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.waitTimeout = .milliseconds(500) }
            let blocker = try await Blocker(pool)
            let clock = ContinuousClock()
            let start = clock.now
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .unavailable(.waitedTooLong))
            #expect(error?.isUnavailable == true)
            #expect(clock.now - start >= .milliseconds(500))
            #expect(pool.snapshot.expired == 1)
            try await blocker.release()
            try await pool.ping()
            await pool.close()
        }
    }

    /// D7: Blocked writes leave a worker for reads.
    @Test func writersLeaveAWorkerToReaders() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.poolSize = 2 }
            let writer = try await Blocker(pool)
            let next = Task { try await pool.withConnection { _ in } }
            try await eventually("a job waits") { pool.snapshot.waiting >= 1 }
            for _ in 0..<3 { #expect(try await pool.reading { try $0.one(TestStatements.BackendPID()) } > 0) }
            #expect(pool.snapshot.waiting == 1)
            try await writer.release()
            try await next.value
            await pool.close()
        }
    }

    /// D7: The jobs of one request share the time limit of one job.
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
            // Each statement would take a minute.
            #expect(clock.now - start < .seconds(30))
            try await database.pool.ping()
        }
    }

    /// D6: When the queue is full, jobs are rejected at once.
    @Test func fullQueueRejects() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.queueLimit = 2 }
            let blocker = try await Blocker(pool)
            let waiting = (0..<2).map { _ in Task { try await pool.ping() } }
            try await eventually("2 jobs wait") { pool.snapshot.waiting >= 2 }
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .unavailable(.queueFull))
            let snapshot = pool.snapshot
            #expect(snapshot.waiting == 2 && snapshot.busy == 1 && snapshot.connected == 1 && snapshot.rejected == 1)
            try await blocker.release()
            for task in waiting { try await task.value }
            await pool.close()
        }
    }

    /// D6: Writes cannot take all places of the queue.
    @Test func writersLeavePlacesToReaders() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database) { $0.queueLimit = 4 }
            let blocker = try await Blocker(pool)
            let writers = (0..<3).map { _ in Task { try await pool.withConnection { _ in } } }
            try await eventually("3 jobs wait") { pool.snapshot.waiting >= 3 }
            let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
            #expect(error?.kind == .unavailable(.queueFull))
            let reader = Task { try await pool.ping() }
            try await eventually("4 jobs wait") { pool.snapshot.waiting >= 4 }
            try await blocker.release()
            for task in writers + [reader] { try await task.value }
            await pool.close()
        }
    }

    @Test func cancellingAWaitingJobEndsItAtOnce() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database)
            let blocker = try await Blocker(pool)
            let waiting = Task { try await pool.ping() }
            try await eventually("a job waits") { pool.snapshot.waiting >= 1 }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            #expect(pool.snapshot.waiting == 0)

            // A task that was cancelled before it submitted the job.
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await pool.ping()
            }
            await #expect(throws: CancellationError.self) { try await late.value }

            // A running job is not stopped.
            blocker.task.cancel()
            try await blocker.release()
            await pool.close()
        }
    }

    /// E7: Closing finishes submitted jobs and rejects new ones.
    @Test func closingDrains() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let pool = Self.pool(database)
            let blocker = try await Blocker(pool)
            let waiting = (0..<5).map { _ in Task { try await pool.ping() } }
            try await eventually("5 jobs wait") { pool.snapshot.waiting >= 5 }
            let closing = Task { await pool.close() }
            try await eventually("the pool is closing") { pool.snapshot.isClosing }
            try await blocker.release()
            await closing.value
            for task in waiting { try await task.value }
            let error = await #expect(throws: PostgresError.self) { try await pool.ping() }
            #expect(error?.kind == .unavailable(.closed))
            #expect(pool.snapshot.connected == 0)
        }
    }

    /// E7: Closing does not wait for an unavailable server; its jobs fail.
    @Test func closingWithoutServer() async throws {
        var configuration = try PostgresConfiguration(url: "host=/nonexistent user=nobody dbname=nothing")
        configuration.waitTimeout = nil
        configuration.backoff = .seconds(60)...Duration.seconds(60)
        let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
        let waiting = (0..<3).map { _ in Task { try await pool.ping() } }
        try await eventually("3 jobs wait") { pool.snapshot.waiting >= 3 }
        #expect(!pool.isConnected)
        await pool.close()
        for task in waiting {
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .unavailable(.closed))
        }
    }

    /// E7: As a service, it ends on graceful shutdown.
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

    /// Releasing a pool ends its threads and connections.
    @Test func droppedPoolDisconnects() async throws {
        try await TestDatabase.with(migrated: false) { database in
            do {
                let pool = Self.pool(database) { $0.applicationName = "dropped" }
                try await pool.ping()
            }
            let count =
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dropped' "
                + "AND datname = current_database()"
            try await eventually("the connection ends") { try await database.sql(count) == "0" }
        }
    }

    /// D7: The server cancels a statement that takes too long; the connection is kept.
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

    /// Many more jobs than workers, from many tasks: each gets its own result.
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
            #expect(pool.snapshot.rejected == 0 && pool.snapshot.waiting == 0)
            await pool.close()
        }
    }
}
