import NIOConcurrencyHelpers
import Shared

/// The FIFO queue of jobs for the hashing threads.
///
/// Imported hashes can need far more memory than new ones. A job waits until its memory is free, and later jobs wait
/// behind it; one that needs more than all the memory is rejected, because it would end the process.
///
/// While jobs wait, results are delivered in batches: each result causes database and network work that preempts the
/// threads, and a batch does so only once. A thread holds back at most one result, and only while it computes a hash of
/// usual cost, which bounds the delay. A result is never held back for an expensive job, and without waiting jobs it is
/// delivered at once.
///
/// `@unchecked Sendable`: every mutable property is private and touched only between `lock` and `unlock` of
/// `condition`, and jobs' closures are called after the unlock.
final class HashingQueue: @unchecked Sendable {
    /// A job with its callbacks: either `reject` or the delivery of the result is called, exactly once.
    struct Job: Sendable {
        /// Delivers the result.
        typealias Delivery = @Sendable () -> Void

        /// Identifies the job for its removal.
        let id: UInt64
        /// The deadline for its start.
        let deadline: ContinuousClock.Instant
        /// Whether the work costs no more than a usual hash, so that a result may be held back while it runs.
        var isUsual = false
        /// The memory that the work needs in bytes.
        var memory = 0
        /// Does the work.
        let perform: @Sendable () -> Delivery
        /// Reports that the work was not done.
        let reject: @Sendable (any Error) -> Void
    }

    /// Signals that the first job can run, or that the queue is closed and empty.
    private let condition = ConditionLock(value: false)
    private let limit: Int
    private let batch: Int
    /// The memory of all running jobs together in bytes.
    private let memory: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private var waiting: [Job] = []
    private var held: [Job.Delivery] = []
    /// The number of delivered batches.
    private var delivered: UInt64 = 0
    private var nextID: UInt64 = 0
    private var isClosed = false
    private var runningThreads: Int
    private var busyThreads = 0
    private var busyMemory = 0
    private var admitted = 0
    private var rejected: UInt64 = 0
    private var whenEnded: CheckedContinuation<Void, Never>?

    /// Creates a queue in which `limit` jobs may wait while all threads are busy, and whose running jobs together need
    /// at most `memory` bytes.
    ///
    /// Each of the given number of threads must call `work` once.
    init(limit: Int, threads: Int, memory: Int = .max, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.limit = limit
        self.memory = memory
        self.now = now
        // A result that is held back occupies a place.
        batch = max(1, min(2 * threads, limit / 4))
        runningThreads = threads
    }

    /// A consistent snapshot of the counters.
    var snapshot: HashingSnapshot {
        condition.lock()
        defer { unlock() }
        return HashingSnapshot(waiting: waiting.count, busy: busyThreads, rejected: rejected)
    }

    /// The identifier of the next job.
    func makeID() -> UInt64 {
        condition.lock()
        defer { condition.unlock() }
        nextID += 1
        return nextID
    }

    /// Reserves a place for a future job, until `leave`.
    ///
    /// Otherwise a caller could find the queue full after it has already used the database.
    ///
    /// - Throws: `APIError` `overloaded` when all places for waiting and running jobs are taken.
    func enter() throws {
        condition.lock()
        let isFull =
            isClosed || admitted >= limit + runningThreads || waiting.count >= limit + runningThreads - busyThreads
        if isFull { rejected += 1 } else { admitted += 1 }
        unlock()
        if isFull { throw Self.overloaded }
    }

    /// Releases the place.
    func leave() {
        condition.lock()
        admitted -= 1
        unlock()
    }

    /// Adds a job, or rejects it at once: with `overloaded` when the queue is full or closed, with `internal_error`
    /// when it needs too much memory.
    func append(_ job: Job) {
        guard job.memory <= memory else { return job.reject(APIError(.internalError, cause: HashExceedsMemory())) }
        condition.lock()
        let late = removeLate()
        let isAccepted = !isClosed && waiting.count < limit + runningThreads - busyThreads
        if isAccepted { waiting.append(job) } else { rejected += 1 }
        unlock()
        if !isAccepted { job.reject(Self.overloaded) }
        for job in late { job.reject(Self.overloaded) }
    }

    /// Removes a job that has not started, and reports its cancellation.
    func cancel(_ id: UInt64) {
        condition.lock()
        let index = waiting.firstIndex { $0.id == id }
        let job = index.map { waiting.remove(at: $0) }
        unlock()
        job?.reject(CancellationError())
    }

    /// Runs jobs on the calling thread until the queue is closed and empty.
    func work() {
        var job = next()
        // The batch with the held-back result of this thread.
        var kept: UInt64?
        while let current = job {
            let outcome = finish(current, with: current.perform(), afterKeepingFor: kept)
            for deliver in outcome.due { deliver() }
            kept = outcome.batch
            job = outcome.next ?? next()
        }
        condition.lock()
        runningThreads -= 1
        let ended = runningThreads == 0 ? whenEnded : nil
        unlock()
        ended?.resume()
    }

    /// Closes the queue; waiting jobs still run.
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

    /// Waits for a job within its deadline; nil when the queue is closed and empty.
    private func next() -> Job? {
        while true {
            condition.lock(whenValue: true)
            let late = removeLate()
            let job = takeFirst()
            let isDone = isClosed && waiting.isEmpty && job == nil
            unlock()
            for job in late { job.reject(Self.overloaded) }
            if job != nil || isDone { return job }
        }
    }

    /// Accepts the result of a job from the calling thread.
    ///
    /// - Parameters:
    ///   - finished: the job.
    ///   - deliver: delivers the result.
    ///   - kept: the batch of the calling thread's previous held-back result.
    /// - Returns: the results to deliver, the thread's next job if one waits, and the batch of the held-back result.
    private func finish(
        _ finished: Job,
        with deliver: @escaping Job.Delivery,
        afterKeepingFor kept: UInt64?
    ) -> (due: [Job.Delivery], next: Job?, batch: UInt64?) {
        condition.lock()
        let late = removeLate()
        held.append(deliver)
        busyThreads -= 1
        busyMemory -= finished.memory
        let job = takeFirst()
        var due: [Job.Delivery] = []
        if job?.isUsual != true || kept == delivered || held.count >= batch {
            swap(&due, &held)
            delivered += 1
        }
        let current = due.isEmpty ? delivered : nil
        unlock()
        for job in late { job.reject(Self.overloaded) }
        return (due, job, current)
    }

    /// Removes the first job if its memory is free, and counts it as running.
    private func takeFirst() -> Job? {
        guard firstFits else { return nil }
        let job = waiting.removeFirst()
        busyThreads += 1
        busyMemory += job.memory
        return job
    }

    /// Whether there is a first job whose memory is free.
    private var firstFits: Bool { waiting.first.map { $0.memory <= memory - busyMemory } ?? false }

    private func removeLate() -> ArraySlice<Job> {
        let time = now()
        // All jobs have the same deadline, so the late ones are at the front.
        let late = waiting.prefix { $0.deadline <= time }
        waiting.removeFirst(late.count)
        rejected += UInt64(late.count)
        return late
    }

    private func unlock() {
        condition.unlock(withValue: firstFits || isClosed && waiting.isEmpty)
    }

    private static var overloaded: APIError {
        APIError(.overloaded, detail: "The server is busy; try again shortly.", retryAfter: 1)
    }
}

/// A stored hash needs more memory than the process may use.
struct HashExceedsMemory: Error {}

/// The state of the hashing threads at one point in time.
struct HashingSnapshot: Sendable, Equatable {
    /// The waiting jobs.
    let waiting: Int
    /// The busy threads.
    let busy: Int
    /// The jobs rejected since start, at once or after waiting too long.
    let rejected: UInt64
}
