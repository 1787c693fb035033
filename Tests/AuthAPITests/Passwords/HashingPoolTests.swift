import Foundation
import ServiceLifecycle
import ServiceLifecycleTestKit
import Shared
import Synchronization
import Testing

@testable import AuthAPI

/// A4: Hashing has separate threads and a bounded queue, and rejects jobs that it cannot do in time.
@Suite(.timeLimit(.minutes(5))) struct HashingPoolTests {
    /// A clock that the test controls.
    private final class ManualClock: Sendable {
        private let time = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { time.withLock { $0 } }
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    /// Waits until that many jobs are in the queue.
    private static func wait(for pool: HashingPool, depth: Int) async throws {
        try await eventually("\(depth) jobs wait") { pool.snapshot.waiting == depth }
    }

    private static func code(of error: (any Error)?) -> APIErrorCode? { (error as? APIError)?.code }

    /// A4: Results and errors of jobs are returned to the caller.
    @Test func returnsResultsAndErrors() async throws {
        struct Rejection: Error {}
        let pool = try HashingPool(threads: 2)
        #expect(try await pool.perform { 42 } == 42)
        await #expect(throws: Rejection.self) { try await pool.perform { throw Rejection() } }
        let squares = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 { group.addTask { try await pool.perform { number * number } } }
            return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
        #expect(squares == (0..<20).map { $0 * $0 })
        #expect(pool.snapshot.waiting == 0)
    }

    /// A4: A full queue rejects at once, with a delay for the retry, and accepts jobs again when it has room.
    @Test func fullQueueRejectsAtOnce() async throws {
        let pool = try HashingPool(threads: 1, queueLimit: 3)
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let waiting = (0..<3).map { number in Task { try await pool.perform { number } } }
        try await Self.wait(for: pool, depth: 3)

        let error = await #expect(throws: APIError.self) { try await pool.perform { 3 } }
        #expect(error?.code == .overloaded)
        #expect(error?.code.status == 503)
        #expect(error?.retryAfter == 1)
        #expect(pool.snapshot.waiting == 3)

        gate.open()
        try await running
        for (number, task) in waiting.enumerated() { #expect(try await task.value == number) }
        #expect(try await pool.perform { 4 } == 4)
    }

    /// A4: A job that waited too long is rejected.
    @Test func lateJobIsRejectedWithoutRunning() async throws {
        let clock = ManualClock()
        let pool = try HashingPool(threads: 1, deadline: .seconds(5), now: { clock.now })
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let wasRun = Mutex(false)
        let late = Task { try await pool.perform { wasRun.withLock { $0 = true } } }
        try await Self.wait(for: pool, depth: 1)
        clock.advance(by: .seconds(3))
        let punctual = Task { try await pool.perform { 7 } }
        try await Self.wait(for: pool, depth: 2)
        clock.advance(by: .seconds(2))

        gate.open()
        try await running
        let error = await #expect(throws: APIError.self) { try await late.value }
        #expect(error?.code == .overloaded)
        #expect(try await punctual.value == 7)
        #expect(!wasRun.withLock { $0 })
    }

    /// A4: Late jobs free their places for new ones while the threads are still busy.
    @Test func lateJobsMakeRoomForNewOnes() async throws {
        let clock = ManualClock()
        let pool = try HashingPool(threads: 1, queueLimit: 1, deadline: .seconds(5), now: { clock.now })
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let late = Task { try await pool.perform { 1 } }
        try await Self.wait(for: pool, depth: 1)
        clock.advance(by: .seconds(5))
        let next = Task { try await pool.perform { 2 } }
        let error = await #expect(throws: APIError.self) { try await late.value }
        #expect(error?.code == .overloaded)
        gate.open()
        try await running
        #expect(try await next.value == 2)
    }

    /// A4: Cancelling the task removes its waiting job without affecting others.
    @Test func cancelledJobLeavesTheQueueWithoutRunning() async throws {
        let pool = try HashingPool(threads: 1, deadline: .seconds(600))
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let wasRun = Mutex(false)
        let first = Task { try await pool.perform { wasRun.withLock { $0 = true } } }
        try await Self.wait(for: pool, depth: 1)
        let second = Task { try await pool.perform { 2 } }
        try await Self.wait(for: pool, depth: 2)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(pool.snapshot.waiting == 1)
        gate.open()
        try await running
        #expect(try await second.value == 2)
        #expect(!wasRun.withLock { $0 })
    }

    /// A4: A task that was cancelled before is rejected as well.
    @Test func rejectsCancelledTask() async throws {
        let pool = try HashingPool(threads: 1, deadline: .seconds(600))
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await pool.perform { 1 }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(pool.snapshot.waiting == 0)
        gate.open()
        try await running
    }

    /// E7: On graceful shutdown, waiting jobs run, new ones are rejected, and the service ends.
    @Test func shutdownDrainsTheQueue() async throws {
        let pool = try HashingPool(threads: 1, deadline: .seconds(600))
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let waiting = Task { try await pool.perform { 5 } }
        try await Self.wait(for: pool, depth: 1)
        try await testGracefulShutdown { trigger in
            let service = Task { await pool.run() }
            trigger.triggerGracefulShutdown()
            // The service closes the queue as soon as the shutdown starts.
            try await eventually("the queue is closed") {
                let probe = Task { try await pool.perform { 0 } }
                await Task.yield()
                probe.cancel()
                guard case .failure(let error) = await probe.result else { return false }
                return Self.code(of: error) == .overloaded
            }
            gate.open()
            await service.value
        }
        try await running
        #expect(try await waiting.value == 5)
        await #expect(throws: APIError.self) { try await pool.perform { 6 } }
    }

    /// W13: With one thread, a finished hash is delivered before the slow one after it ends.
    @Test func resultIsDeliveredBeforeTheNextSlowJobEnds() async throws {
        let pool = try HashingPool(threads: 1, deadline: .seconds(600))
        let (first, slow) = (Gate(), Gate())
        async let usual: Void = pool.perform(isUsual: true) { first.wait() }
        await first.entered()
        async let expensive: Void = pool.perform { slow.wait() }
        try await Self.wait(for: pool, depth: 1)
        first.open()
        // The slow job stays at its gate until the result before it has come.
        try await usual
        slow.open()
        try await expensive
    }

    /// W13: The cost of a stored hash determines whether a result may be held back while it is checked.
    @Test func costsOfStoredHashes() {
        let usual = Argon2Parameters(memoryKiB: 19_456, iterations: 2, parallelism: 1)
        #expect(usual.isAtMostAsExpensive(as: usual))
        #expect(Argon2Parameters(memoryKiB: 8192, iterations: 3, parallelism: 1).isAtMostAsExpensive(as: usual))
        #expect(!Argon2Parameters(memoryKiB: 65_536, iterations: 1, parallelism: 1).isAtMostAsExpensive(as: usual))
        #expect(!Argon2Parameters(memoryKiB: 19_456, iterations: 3, parallelism: 1).isAtMostAsExpensive(as: usual))
        let lanes = Argon2Parameters(memoryKiB: 19_456, iterations: 2, parallelism: 4)
        #expect(!usual.isAtMostAsExpensive(as: lanes))
    }

    /// A4: Without a queue, a job runs if a thread is free, and is rejected otherwise.
    @Test func withoutAQueueOnlyFreeThreadsTakeJobs() async throws {
        let pool = try HashingPool(threads: 1, queueLimit: 0)
        #expect(try await pool.perform { 1 } == 1)
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        await #expect(throws: APIError.self) { try await pool.perform { 2 } }
        gate.open()
        try await running
    }

    /// A4: A caller reserves a place before it uses the database for a hash.
    @Test func placesAreKeptWhileJobsArePrepared() async throws {
        let pool = try HashingPool(threads: 1, queueLimit: 1)
        let (prepared, preparation) = AsyncStream.makeStream(of: Void.self)
        let (entered, entry) = AsyncStream.makeStream(of: Void.self)
        let admitted = (0..<2).map { number in
            Task {
                try await pool.admitting {
                    entry.yield()
                    for await _ in prepared {}
                    return try await pool.perform { number }
                }
            }
        }
        var places = entered.makeAsyncIterator()
        for _ in 0..<2 { await places.next() }
        let error = await #expect(throws: APIError.self) { try await pool.admitting {} }
        #expect(Self.code(of: error) == .overloaded)
        #expect(pool.snapshot.rejected == 1)
        preparation.finish()
        for (number, task) in admitted.enumerated() { #expect(try await task.value == number) }
        // Places are released, also after failures.
        await #expect(throws: CancellationError.self) { try await pool.admitting { throw CancellationError() } }
        for _ in 0..<3 { #expect(try await pool.admitting { try await pool.perform { 7 } } == 7) }
    }

    /// A4: A hasher forwards the pool's rejection, so that the client gets 503 with a delay.
    @Test func hasherPropagatesOverload() async throws {
        let pool = try HashingPool(threads: 1, queueLimit: 0)
        let gate = Gate()
        async let running: Void = pool.perform { gate.wait() }
        await gate.entered()
        let hasher = PasswordHasher(parameters: Argon2Parameters(memoryKiB: 64, iterations: 1), pool: pool)
        for stored in [nil, "malformed"] {
            let error = await #expect(throws: APIError.self) {
                try await hasher.verify(Password("Correct-Horse-7"), against: stored)
            }
            #expect(error?.code == .overloaded)
        }
        let error = await #expect(throws: APIError.self) { try await hasher.hash(Password("Correct-Horse-7")) }
        #expect(error?.code == .overloaded)
        gate.open()
        try await running
    }
}
