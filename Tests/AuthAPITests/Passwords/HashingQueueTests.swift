import Foundation
import Shared
import Synchronization
import Testing

@testable import AuthAPI

/// A4, W13: The order in which hashing threads work and deliver.
@Suite struct HashingQueueTests {
    /// The recorded events, in order.
    private final class Record: Sendable {
        private let entries = Mutex<[String]>([])
        var all: [String] { entries.withLock { $0 } }
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    }

    /// Runs that many jobs on one thread, all queued before the first starts, and returns the events.
    private func work(
        through jobs: Int,
        limit: Int,
        threads: Int = 1,
        deadline: ContinuousClock.Instant = .now + .seconds(600),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        expensive: Set<Int> = [],
        onPerform: @escaping @Sendable (HashingQueue) -> Void = { _ in }
    ) -> [String] {
        let queue = HashingQueue(limit: limit, threads: threads, now: now)
        let record = Record()
        for job in 1...jobs {
            queue.append(
                HashingQueue.Job(
                    id: queue.makeID(),
                    deadline: deadline,
                    isUsual: !expensive.contains(job),
                    perform: {
                        record.add("does \(job)")
                        onPerform(queue)
                        return { record.add("delivers \(job)") }
                    },
                    reject: { record.add("rejects \(job): \((($0 as? APIError)?.code).map { "\($0)" } ?? "\($0)")") }
                )
            )
        }
        queue.close()
        queue.work()
        return record.all
    }

    @Test("W13: While usual jobs wait, a thread holds back one result for one job, and the last not at all")
    func together() {
        let pair = ["does 1", "does 2", "delivers 1", "delivers 2"]
        #expect(work(through: 3, limit: 32) == pair + ["does 3", "delivers 3"])
        // One of many threads does not fill a batch alone: its results are not delayed.
        #expect(work(through: 4, limit: 64, threads: 8) == pair + ["does 3", "does 4", "delivers 3", "delivers 4"])
    }

    @Test("W13: No result is held back for an expensive job, such as bcrypt")
    func beforeExpensive() {
        #expect(work(through: 2, limit: 32, expensive: [2]) == ["does 1", "delivers 1", "does 2", "delivers 2"])
        #expect(
            work(through: 4, limit: 64, threads: 8, expensive: [2, 4]) == [
                "does 1", "delivers 1", "does 2", "does 3", "delivers 2", "delivers 3", "does 4", "delivers 4",
            ]
        )
    }

    @Test("W13: A held-back result is delivered with those of another thread, and counted once")
    func acrossThreads() async throws {
        let queue = HashingQueue(limit: 64, threads: 2) { .now }
        let record = Record()
        let gates = [2: Gate(), 3: Gate()]
        func append(_ job: Int) {
            queue.append(
                HashingQueue.Job(
                    id: queue.makeID(),
                    deadline: .now + .seconds(600),
                    isUsual: true,
                    perform: {
                        gates[job]?.wait()
                        record.add("does \(job)")
                        return { record.add("delivers \(job)") }
                    },
                    reject: { _ in record.add("rejects \(job)") }
                )
            )
        }
        for job in 1...5 { append(job) }
        queue.close()
        let first = Task.detached { try await TestCommand.onThread { queue.work() } }
        await gates[2]?.entered()
        // The first thread holds back 1 and runs 2; the second starts with 3.
        let second = Task.detached { try await TestCommand.onThread { queue.work() } }
        await gates[3]?.entered()
        gates[2]?.open()
        // The result of 1 was held back for one job: 1 and 2 are delivered while 3 still waits.
        try await eventually("the second result is delivered") { record.all.contains("delivers 2") }
        #expect(!record.all.contains("delivers 3"))
        gates[3]?.open()
        try await first.value
        try await second.value
        #expect(Set(record.all.filter { $0.hasPrefix("delivers") }).count == 5)
    }

    @Test("W10: A job waits until its memory is free, and one that needs more than all of it is rejected")
    func memory() async throws {
        let queue = HashingQueue(limit: 64, threads: 2, memory: 100) { .now }
        let record = Record()
        let gates = ["a": Gate(), "b": Gate()]
        func append(_ job: String, _ memory: Int) {
            queue.append(
                HashingQueue.Job(
                    id: queue.makeID(),
                    deadline: .now + .seconds(600),
                    memory: memory,
                    perform: {
                        gates[job]?.wait()
                        return { record.add("\(job), \(queue.snapshot.busy) running") }
                    },
                    reject: { record.add("\(job): \((($0 as? APIError)?.code).map { "\($0)" } ?? "\($0)")") }
                )
            )
        }
        append("a", 60)
        append("b", 20)
        let threads = (0..<2).map { _ in Task.detached { try await TestCommand.onThread { queue.work() } } }
        for gate in gates.values { await gate.entered() }
        append("large", 101)
        #expect(record.all == ["large: internalError"])
        // Behind a job that has to wait, a smaller one waits, too.
        append("c", 60)
        append("d", 10)
        queue.close()
        gates["b"]?.open()
        try await eventually("b is delivered") { record.all.count == 2 }
        #expect(record.all[1] == "b, 1 running")
        gates["a"]?.open()
        for thread in threads { try await thread.value }
        #expect(record.all.count == 5)
    }

    @Test("A4: Without waiting jobs, a result is delivered at once")
    func alone() {
        #expect(work(through: 1, limit: 32) == ["does 1", "delivers 1"])
    }

    @Test("A4: In a short queue no result is held back, because it would occupy a place", arguments: 1...7)
    func short(limit: Int) {
        #expect(work(through: 2, limit: limit) == ["does 1", "delivers 1", "does 2", "delivers 2"])
    }

    @Test("A4: No result is held back for a rejected job")
    func lateOrCancelled() {
        let deadline = ContinuousClock.now + .seconds(5)
        let isLate = Mutex(false)
        let late = work(
            through: 2,
            limit: 32,
            deadline: deadline,
            now: { isLate.withLock { $0 } ? deadline : deadline - .seconds(1) },
            onPerform: { _ in isLate.withLock { $0 = true } }
        )
        #expect(late.sorted() == ["delivers 1", "does 1", "rejects 2: overloaded"])
        #expect(
            work(through: 2, limit: 32, onPerform: { $0.cancel(2) })
                == ["does 1", "rejects 2: CancellationError()", "delivers 1"]
        )
    }
}
