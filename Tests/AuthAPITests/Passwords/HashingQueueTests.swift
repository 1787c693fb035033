import Shared
import Synchronization
import Testing

@testable import AuthAPI

/// A4: in which order a hashing thread works and answers.
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
        onPerform: @escaping @Sendable (HashingQueue) -> Void = { _ in }
    ) -> [String] {
        let queue = HashingQueue(limit: limit, threads: threads, now: now)
        let record = Record()
        for job in 1...jobs {
            queue.append(
                HashingQueue.Job(
                    id: queue.makeID(),
                    deadline: deadline,
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

    @Test("A4: while jobs wait, two answers a thread go out together, and the last ones at once")
    func together() {
        let expected = ["does 1", "does 2", "answers 1", "answers 2", "does 3", "answers 3"]
        #expect(work(through: 3, limit: 32) == expected)
        let four = (1...4).map { "does \($0)" } + (1...4).map { "answers \($0)" }
        #expect(work(through: 6, limit: 32, threads: 2) == four + ["does 5", "does 6", "answers 5", "answers 6"])
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
