import Foundation
import Shared
import Synchronization
import Testing

@testable import AuthAPI

/// A4, W13: in which order a hashing thread works and delivers.
@Suite struct HashingQueueTests {
    /// What happened, in order.
    private final class Record: Sendable {
        private let entries = Mutex<[String]>([])
        var all: [String] { entries.withLock { $0 } }
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    }

    /// Has one thread do that many jobs, all there before the first begins, and tells what happened.
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
                        return { record.add("answers \(job)") }
                    },
                    refuse: { record.add("refuses \(job): \((($0 as? APIError)?.code).map { "\($0)" } ?? "\($0)")") }
                )
            )
        }
        queue.close()
        queue.work()
        return record.all
    }

    @Test("W13: while usual jobs wait, a thread keeps one result for the time of one job, and the last for none")
    func together() {
        let pair = ["does 1", "does 2", "answers 1", "answers 2"]
        #expect(work(through: 3, limit: 32) == pair + ["does 3", "answers 3"])
        // One thread of many fills no batch by itself: its results are no later for that.
        #expect(work(through: 4, limit: 64, threads: 8) == pair + ["does 3", "does 4", "answers 3", "answers 4"])
    }

    @Test("W13: no result waits for an expensive job, such as bcrypt, nor with it for the next one")
    func beforeExpensive() {
        #expect(work(through: 2, limit: 32, expensive: [2]) == ["does 1", "answers 1", "does 2", "answers 2"])
        #expect(
            work(through: 4, limit: 64, threads: 8, expensive: [2, 4]) == [
                "does 1", "answers 1", "does 2", "does 3", "answers 2", "answers 3", "does 4", "answers 4",
            ]
        )
    }

    @Test("W13: what one thread has kept goes out with the results of another, and is not counted twice")
    func acrossThreads() async {
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
                        return { record.add("answers \(job)") }
                    },
                    refuse: { _ in record.add("refuses \(job)") }
                )
            )
        }
        for job in 1...5 { append(job) }
        queue.close()
        let first = Task.detached { await onThread { queue.work() } }
        await gates[2]?.entered()
        // The first thread has kept 1 and stands at 2; the second begins with 3.
        let second = Task.detached { await onThread { queue.work() } }
        await gates[3]?.entered()
        gates[2]?.open()
        // Its own result was kept for one job: 1 and 2 go out while 3 still waits.
        while !record.all.contains("answers 2") { await Task.yield() }
        #expect(!record.all.contains("answers 3"))
        gates[3]?.open()
        await first.value
        await second.value
        #expect(Set(record.all.filter { $0.hasPrefix("answers") }).count == 5)
    }

    @Test("A4: with nothing else to do a thread answers at once")
    func alone() {
        #expect(work(through: 1, limit: 32) == ["does 1", "answers 1"])
    }

    @Test("A4: in a short queue nobody is held back, who would keep a place that others could have", arguments: 1...7)
    func short(limit: Int) {
        #expect(work(through: 2, limit: limit) == ["does 1", "answers 1", "does 2", "answers 2"])
    }

    @Test("A4: nobody is held back for a job that is not done after all")
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
        #expect(late.sorted() == ["answers 1", "does 1", "refuses 2: overloaded"])
        #expect(
            work(through: 2, limit: 32, onPerform: { $0.cancel(2) })
                == ["does 1", "refuses 2: CancellationError()", "answers 1"]
        )
    }
}

/// Runs blocking work on a thread of its own.
private func onThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            body()
            continuation.resume()
        }
    }
}
