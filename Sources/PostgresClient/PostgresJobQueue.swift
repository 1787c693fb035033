import Glibc
import Synchronization

/// The bounded queue between requests and workers.
///
/// `@unchecked Sendable` is sound because every stored variable is read and written only while `mutex` is held, with
/// the exception of constants and of the atomic ones; the conditions are used only with that mutex. Jobs are run and
/// failed, and continuations resumed, only while it is not held.
@safe final class PostgresJobQueue: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// One condition per worker; the last one is the timekeeper's.
    private let wakeUps: UnsafeMutablePointer<pthread_cond_t>
    private let lastID = Atomic<UInt64>(0)
    private let stopped = Atomic<Bool>(false)
    private let workers: Int

    private var schedule: PostgresSchedule
    private var connected = 0
    private var connects: UInt64 = 0
    private var liveThreads: Int
    private var rejected: UInt64 = 0
    private var expired: UInt64 = 0
    /// Why the last attempt to connect failed; nil once one succeeds.
    private var lastFailure: PostgresError?
    /// When the timekeeper wakes up without a signal.
    private var timekeeperWakes = Deadline.never
    /// After closing: when running jobs are stopped, and when `finished` stops waiting for them.
    private var stopsAt = Deadline.never
    private var abandonsAt = Deadline.never
    private var finishers: [CheckedContinuation<Bool, Never>] = []

    /// How long a running job may take to notice that it must stop.
    private static let leaving: Duration = .milliseconds(1000)

    /// Creates a queue for that many workers and one timekeeper.
    init(workers: Int, limit: Int) {
        self.workers = workers
        schedule = PostgresSchedule(workers: workers, limit: limit)
        liveThreads = workers + 1
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe wakeUps = .allocate(capacity: workers + 1)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for index in 0...workers {
            unsafe pthread_cond_init(wakeUps.advanced(by: index), &attributes)
        }
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        for index in 0...workers {
            unsafe pthread_cond_destroy(wakeUps.advanced(by: index))
        }
        unsafe wakeUps.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// The identifier of the next job.
    func makeID() -> UInt64 {
        lastID.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Whether running jobs and connection attempts must end now.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// Submits a job; fails it at once when the queue is full or closed.
    func push(_ job: any PostgresJob) {
        var wakesTimekeeper = false
        let admission = locked {
            let admission = schedule.push(job.waiting)
            if admission == .full { rejected += 1 }
            wakesTimekeeper = job.waitsUntil < timekeeperWakes
            if wakesTimekeeper { timekeeperWakes = job.waitsUntil }
            return admission
        }
        switch admission {
        case .waits(let worker): if let worker { signal(worker) }
        case .full: job.fail(PostgresError.unavailable(.queueFull))
        case .closed: job.fail(PostgresError.unavailable(.closed))
        }
        if wakesTimekeeper { signal(workers) }
    }

    /// Removes a waiting job and fails it; does nothing if the job is running or done.
    func cancel(_ id: UInt64) {
        let job = locked { schedule.cancel(id) }
        job?.fail(CancellationError())
    }

    /// Rejects new jobs; workers finish the waiting ones within the given time, and then running jobs are stopped.
    func close(draining time: Duration) {
        let end = Deadline.now.adding(time)
        locked {
            schedule.close(drainingUntil: end)
            stopsAt = min(stopsAt, end)
            abandonsAt = min(abandonsAt, end.adding(Self.leaving))
            timekeeperWakes = .now
            stopWhenDone()
        }
        for index in 0...workers { signal(index) }
    }

    /// Returns when every thread has ended, or when the time for that is over.
    ///
    /// - Returns: whether all have ended.
    func finished() async -> Bool {
        await withCheckedContinuation { continuation in
            let isFinished: Bool? = locked {
                if liveThreads == 0 { return true }
                if abandonsAt <= .now { return false }
                finishers.append(continuation)
                return nil
            }
            if let isFinished { continuation.resume(returning: isFinished) }
        }
    }

    /// A consistent snapshot of the counters.
    var snapshot: PostgresPoolSnapshot {
        locked {
            PostgresPoolSnapshot(
                size: workers,
                connected: connected,
                connects: connects,
                busy: connected - min(schedule.idleCount, connected),
                waiting: schedule.waiting.count,
                rejected: rejected,
                expired: expired,
                isClosing: schedule.isClosed
            )
        }
    }

    /// Waits for the next run of a worker; nil when the queue is closed and empty.
    ///
    /// The worker reports the end of its run here (`last`) or with `ended`, or puts the jobs back.
    func next(for worker: Int, after last: PostgresSchedule.Kind?) -> PostgresSchedule.Run? {
        var wakes: Int?
        let run: PostgresSchedule.Run? = locked {
            if let last { schedule.ended(last) }
            stopWhenDone()
            while true {
                switch schedule.take(for: worker) {
                case .run(let run, let other):
                    wakes = other
                    return run
                case .end: return nil
                case .sleep:
                    repeat {
                        unsafe pthread_cond_wait(wakeUps.advanced(by: worker), mutex)
                    } while schedule.sleeps(worker)
                    // Under load, let threads that are about to submit more jobs run first, for larger batches.
                    if !schedule.waiting.isEmpty {
                        unsafe pthread_mutex_unlock(mutex)
                        sched_yield()
                        unsafe pthread_mutex_lock(mutex)
                    }
                }
            }
        }
        if let wakes { signal(wakes) }
        return run
    }

    /// Reports the end of a run by a worker that may have to connect before the next one.
    func ended(_ kind: PostgresSchedule.Kind) {
        let wakes: Int? = locked {
            schedule.ended(kind)
            stopWhenDone()
            return schedule.wake()
        }
        if let wakes { signal(wakes) }
    }

    /// Puts jobs back at the front of the queue.
    func requeue(_ jobs: [any PostgresJob]) {
        guard !jobs.isEmpty else { return }
        let wakes: Int? = locked {
            schedule.requeue(jobs.map(\.waiting))
            timekeeperWakes = .now
            return schedule.wake()
        }
        if let wakes { signal(wakes) }
        signal(workers)
    }

    /// Waits between two connection attempts; returns whether to continue.
    func pause(_ worker: Int, until deadline: Deadline) -> Bool {
        var time = deadline.timespec
        return locked {
            while !schedule.isClosed, Deadline.now < deadline {
                unsafe pthread_cond_timedwait(wakeUps.advanced(by: worker), mutex, &time)
            }
            return !schedule.isClosed
        }
    }

    /// Whether the queue is closed.
    var isClosing: Bool { locked { schedule.isClosed } }

    /// Counts a worker that has connected.
    func countConnected() {
        locked {
            connected += 1
            connects += 1
            lastFailure = nil
        }
    }

    /// Stores why a worker could not connect; with `isFinal`, waiting jobs fail at once.
    func countFailure(_ error: PostgresError, isFinal: Bool) {
        let jobs = locked {
            lastFailure = error
            return isFinal && connected == 0 ? schedule.removeAll() : []
        }
        for job in jobs { job.fail(error) }
    }

    /// Counts a worker that has lost its connection.
    func countLost() {
        locked { connected -= 1 }
    }

    /// Counts a thread that ends; the last one fails the remaining jobs and lets `finished` return.
    func threadEnds() {
        var leftovers: [any PostgresJob] = []
        let continuations: [CheckedContinuation<Bool, Never>] = locked {
            liveThreads -= 1
            // Only the timekeeper is left.
            if liveThreads <= 1 { leftovers = schedule.removeAll() }
            guard liveThreads == 0 else { return [] }
            defer { finishers = [] }
            return finishers
        }
        for job in leftovers { job.fail(PostgresError.unavailable(.closed)) }
        signal(workers)
        for continuation in continuations { continuation.resume(returning: true) }
    }

    /// Fails jobs that wait too long and, after closing, stops jobs that run too long, on a separate thread.
    func runTimekeeper() {
        while let due = waitForDueJobs() {
            for job in due.late { job.fail(due.reason) }
            for continuation in due.finishers { continuation.resume(returning: false) }
        }
    }

    /// Waits until there are jobs to fail; nil when all workers have ended.
    private func waitForDueJobs() -> (
        late: [any PostgresJob], reason: PostgresError, finishers: [CheckedContinuation<Bool, Never>]
    )? {
        locked {
            while true {
                let now = Deadline.now
                if stopsAt <= now { stopped.store(true, ordering: .relaxed) }
                let late = schedule.expire(at: now)
                expired += UInt64(late.count)
                if !late.isEmpty { return (late, reason(at: now), []) }
                if schedule.isClosed, liveThreads <= 1 { return nil }
                if abandonsAt <= now, !finishers.isEmpty {
                    defer { finishers = [] }
                    return ([], reason(at: now), finishers)
                }
                timekeeperWakes = min(schedule.nextExpiry, stopsAt <= now ? .never : stopsAt)
                if now < abandonsAt { timekeeperWakes = min(timekeeperWakes, abandonsAt) }
                var time = timekeeperWakes.timespec
                unsafe pthread_cond_timedwait(wakeUps.advanced(by: workers), mutex, &time)
            }
        }
    }

    /// Why a job is not run; if the server cannot be reached, the last error.
    private func reason(at now: Deadline) -> PostgresError {
        if stopsAt <= now { return .unavailable(.closed) }
        if connected == 0, let lastFailure { return lastFailure }
        return .unavailable(.waitedTooLong)
    }

    /// Aborts connection attempts once no job is left.
    private func stopWhenDone() {
        if schedule.isDone { stopped.store(true, ordering: .relaxed) }
    }

    /// Runs `body` with the lock held.
    private func locked<Value>(_ body: () -> Value) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Wakes the thread of that number; called without the lock, so that the thread does not wait for it.
    private func signal(_ thread: Int) {
        unsafe pthread_cond_signal(wakeUps.advanced(by: thread))
    }
}
