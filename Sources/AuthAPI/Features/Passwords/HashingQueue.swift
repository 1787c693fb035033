import NIOConcurrencyHelpers
import Shared

/// Jobs waiting for a hashing thread, first come, first served.
///
/// While jobs wait, results are delivered in batches: each result is followed by work of the database and the network,
/// which takes the cores from the threads, and does so once for a whole batch. A thread keeps at most one result, and
/// only while it computes a hash of usual cost, so no result is late by more than that; a result is never kept behind an
/// expensive job, and a server with nothing else to do delivers at once.
///
/// `@unchecked Sendable`: every mutable property is private and touched only between `lock` and `unlock` of
/// `condition`, and jobs' closures are called after the unlock.
final class HashingQueue: @unchecked Sendable {
    /// One piece of work and the ways in which it can end; exactly one of `refuse` and the answer is called, once.
    struct Job: Sendable {
        /// Tells whoever waits what the work came to.
        typealias Answer = @Sendable () -> Void

        /// Names the job for its removal.
        let id: UInt64
        /// When it is too late to start.
        let deadline: ContinuousClock.Instant
        /// Whether the work costs no more than a usual hash, so that a finished result may be kept that long.
        var isUsual = false
        /// Does the work.
        let perform: @Sendable () -> Answer
        /// Tells whoever waits that the work was not done.
        let refuse: @Sendable (any Error) -> Void
    }

    /// True while a thread that waits has a reason to wake: there is a job, or no more will come.
    private let condition = ConditionLock(value: false)
    private let limit: Int
    private let batch: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private var waiting: [Job] = []
    private var held: [Job.Answer] = []
    /// How many batches have been delivered.
    private var delivered: UInt64 = 0
    private var nextID: UInt64 = 0
    private var isClosed = false
    private var runningThreads: Int
    private var busyThreads = 0
    private var admitted = 0
    private var refused: UInt64 = 0
    private var whenEnded: CheckedContinuation<Void, Never>?

    /// Makes a queue in which `limit` jobs may wait while all threads are busy.
    ///
    /// Each of the given number of threads must call `work` once.
    init(limit: Int, threads: Int, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.limit = limit
        self.now = now
        // Whoever is held back keeps a place that others could wait in.
        batch = max(1, min(2 * threads, limit / 4))
        runningThreads = threads
    }

    /// The counters, all of one moment.
    var snapshot: HashingSnapshot {
        condition.lock()
        defer { unlock() }
        return HashingSnapshot(waiting: waiting.count, busy: busyThreads, refused: refused)
    }

    /// An identifier for the next job.
    func makeID() -> UInt64 {
        condition.lock()
        defer { condition.unlock() }
        nextID += 1
        return nextID
    }

    /// Keeps a place for somebody whose job is still to come, until it `leave`s.
    ///
    /// Whoever is let in first and finds the queue full later would have waited, and asked the database, for nothing.
    ///
    /// - Throws: `APIError` `overloaded` when there are as many as can wait and be at work.
    func enter() throws {
        condition.lock()
        let isFull =
            isClosed || admitted >= limit + runningThreads || waiting.count >= limit + runningThreads - busyThreads
        if isFull { refused += 1 } else { admitted += 1 }
        unlock()
        if isFull { throw Self.overloaded }
    }

    /// Gives the place back.
    func leave() {
        condition.lock()
        admitted -= 1
        unlock()
    }

    /// Adds a job, or refuses it at once with `overloaded` when the queue is full or closed.
    func append(_ job: Job) {
        condition.lock()
        let late = removeLate()
        let isAccepted = !isClosed && waiting.count < limit + runningThreads - busyThreads
        if isAccepted { waiting.append(job) } else { refused += 1 }
        unlock()
        if !isAccepted { job.refuse(Self.overloaded) }
        for job in late { job.refuse(Self.overloaded) }
    }

    /// Takes a job out that has not started, and tells whoever waits for it that it was cancelled.
    func cancel(_ id: UInt64) {
        condition.lock()
        let index = waiting.firstIndex { $0.id == id }
        let job = index.map { waiting.remove(at: $0) }
        unlock()
        job?.refuse(CancellationError())
    }

    /// Performs jobs on the calling thread until the queue is closed and empty.
    func work() {
        var job = next()
        // The batch that holds a result of this thread.
        var kept: UInt64?
        while let current = job {
            let outcome = finish(with: current.perform(), afterKeepingFor: kept)
            for answer in outcome.due { answer() }
            kept = outcome.batch
            job = outcome.next ?? next()
        }
        condition.lock()
        runningThreads -= 1
        let ended = runningThreads == 0 ? whenEnded : nil
        unlock()
        ended?.resume()
    }

    /// Takes no more jobs; those that wait are still done.
    func close() {
        condition.lock()
        isClosed = true
        unlock()
    }

    /// Returns when every thread has left `work`.
    func end() async {
        await withCheckedContinuation { continuation in
            condition.lock()
            let hasEnded = runningThreads == 0
            if !hasEnded { whenEnded = continuation }
            unlock()
            if hasEnded { continuation.resume() }
        }
    }

    /// Waits for a job that is not too late; nil when there will be none.
    private func next() -> Job? {
        while true {
            condition.lock(whenValue: true)
            let late = removeLate()
            let job = waiting.isEmpty ? nil : waiting.removeFirst()
            if job != nil { busyThreads += 1 }
            let isDone = job == nil && isClosed
            unlock()
            for job in late { job.refuse(Self.overloaded) }
            if job != nil || isDone { return job }
        }
    }

    /// Takes a result from the calling thread.
    ///
    /// - Parameters:
    ///   - answer: delivers the result.
    ///   - kept: the batch for which the calling thread's result before this one was kept.
    /// - Returns: the results that are due, the thread's next job if one waits, and the batch that the result is kept for.
    private func finish(
        with answer: @escaping Job.Answer,
        afterKeepingFor kept: UInt64?
    ) -> (due: [Job.Answer], next: Job?, batch: UInt64?) {
        condition.lock()
        let late = removeLate()
        held.append(answer)
        let job = waiting.isEmpty ? nil : waiting.removeFirst()
        if job == nil { busyThreads -= 1 }
        var due: [Job.Answer] = []
        if job?.isUsual != true || kept == delivered || held.count >= batch {
            swap(&due, &held)
            delivered += 1
        }
        let current = due.isEmpty ? delivered : nil
        unlock()
        for job in late { job.refuse(Self.overloaded) }
        return (due, job, current)
    }

    private func removeLate() -> ArraySlice<Job> {
        let time = now()
        // All jobs wait equally long, so the late ones are in front.
        let late = waiting.prefix { $0.deadline <= time }
        waiting.removeFirst(late.count)
        refused += UInt64(late.count)
        return late
    }

    private func unlock() {
        condition.unlock(withValue: isClosed || !waiting.isEmpty)
    }

    private static var overloaded: APIError {
        APIError(.overloaded, detail: "The server is busy; try again shortly.", retryAfter: 1)
    }
}

/// The state of the hashing threads at one moment.
struct HashingSnapshot: Sendable, Equatable {
    /// The jobs that wait for a thread.
    let waiting: Int
    /// The threads at work.
    let busy: Int
    /// The jobs refused, at once or after waiting too long, since start.
    let refused: UInt64
}
