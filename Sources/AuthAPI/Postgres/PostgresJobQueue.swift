import Glibc
import Synchronization

/// The bounded queue between requests and workers; the queue is the pool.
///
/// `@unchecked Sendable` is sound because every stored variable is read and written only while `mutex` is held, with
/// the exception of constants and of `lastID`, which is atomic; the conditions are used only with that mutex. Jobs are run
/// and failed, and continuations resumed, only while it is not held.
@safe final class PostgresJobQueue: @unchecked Sendable {
    /// The most reads that share a round trip.
    static let mostTogether = 16

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// One for each worker, and the last for the timekeeper.
    private let wakeUps: UnsafeMutablePointer<pthread_cond_t>
    private let limit: Int
    /// How many jobs that write may run at once: a lock or an absent standby holds up all; one worker is left for reading.
    private let writeLimit: Int
    private let lastID = Atomic<UInt64>(0)
    private let workers: Int

    private var jobs: [any PostgresJob] = []
    /// Workers without work; the one that stopped last, whose caches are warm, is woken first.
    private var idle: [Int] = []
    /// Workers with reads of the kind that shares round trips, and when they should be back for what has come meanwhile.
    private var reading: [Int: Deadline] = [:]
    private var connected = 0
    private var writing = 0
    private var connects: UInt64 = 0
    private var liveThreads: Int
    /// When the timekeeper looks again by itself.
    private var timekeeperWakes = Deadline.never
    private var isClosed = false
    private var refused: UInt64 = 0
    private var expired: UInt64 = 0
    private var finishers: [CheckedContinuation<Void, Never>] = []

    /// A queue for that many workers and one timekeeper.
    init(workers: Int, limit: Int) {
        self.workers = workers
        self.limit = limit
        writeLimit = max(1, workers - 1)
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

    /// A number for the next job.
    func makeID() -> UInt64 {
        lastID.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Hands a job in; fails it at once when the queue is full or closed.
    func push(_ job: any PostgresJob) {
        var wakes: Int?
        var wakesTimekeeper = false
        let now = Deadline.now
        let refusal: PostgresError? = locked {
            guard !isClosed else { return .unavailable(.closed) }
            // However many wait to write, there is room for who only asks something.
            guard jobs.count < (job.onlyReads ? limit : limit - limit / 4) else {
                refused += 1
                return .unavailable(.queueFull)
            }
            jobs.append(job)
            var looksAgain = job.waitsUntil
            if job.asRead != nil, jobs.count < Self.mostTogether, let back = reading.values.max(), now < back {
                // Left to who is back soon; should that take longer, the timekeeper wakes another.
                looksAgain = min(looksAgain, back)
            } else if mayRun(job) {
                wakes = idle.popLast()
            }
            wakesTimekeeper = looksAgain < timekeeperWakes
            if wakesTimekeeper { timekeeperWakes = looksAgain }
            return nil
        }
        if let refusal { job.fail(refusal) }
        if let wakes { signal(wakes) }
        if wakesTimekeeper { signal(workers) }
    }

    /// Takes a waiting job out and fails it; does nothing when it is running or done.
    func cancel(_ id: UInt64) {
        let job: (any PostgresJob)? = locked {
            jobs.firstIndex { $0.id == id }.map { jobs.remove(at: $0) }
        }
        job?.fail(CancellationError())
    }

    /// Refuses further jobs; workers finish those that wait and end.
    func close() {
        locked {
            isClosed = true
            idle.removeAll()
        }
        for index in 0...workers { signal(index) }
    }

    /// Returns when every thread has ended its work.
    func finished() async {
        await withCheckedContinuation { continuation in
            let isFinished = locked {
                if liveThreads > 0 { finishers.append(continuation) }
                return liveThreads == 0
            }
            if isFinished { continuation.resume() }
        }
    }

    /// The counters, all of one moment.
    var snapshot: PostgresPoolSnapshot {
        locked {
            PostgresPoolSnapshot(
                size: workers,
                connected: connected,
                connects: connects,
                busy: connected - min(idle.count, connected),
                waiting: jobs.count,
                refused: refused,
                expired: expired,
                isClosing: isClosed
            )
        }
    }

    /// The next job, as soon as there is one that may run; nil when the queue is closed and there is none.
    ///
    /// Whoever takes a job says afterwards that it has `ended`, or puts it back.
    func next(for worker: Int) -> (any PostgresJob)? {
        var wakes: Int?
        let job: (any PostgresJob)? = locked {
            reading[worker] = nil
            while true {
                if let index = jobs.firstIndex(where: mayRun) {
                    let job = take(at: index, for: worker)
                    // What came while this worker had reads, or took one in the place of something else, has woken nobody.
                    let isLeft = job.asRead == nil ? !jobs.isEmpty : jobs.contains { $0.asRead == nil && mayRun($0) }
                    if isLeft { wakes = idle.popLast() }
                    return job
                }
                guard !isClosed else { return nil }
                idle.append(worker)
                repeat {
                    unsafe pthread_cond_wait(wakeUps.advanced(by: worker), mutex)
                } while idle.contains(worker)
                // When there is more to do than cores to do it, those who are about to hand in more go first.
                if !jobs.isEmpty {
                    unsafe pthread_mutex_unlock(mutex)
                    sched_yield()
                    unsafe pthread_mutex_lock(mutex)
                }
            }
        }
        if let wakes { signal(wakes) }
        return job
    }

    /// Whether a worker may take the job now.
    private func mayRun(_ job: any PostgresJob) -> Bool { job.onlyReads || writing < writeLimit }

    /// Takes a job out, and with a read those that wait behind it: the more there is to do, the more share a round trip.
    private func take(at index: Int, for worker: Int) -> any PostgresJob {
        guard let first = jobs[index].asRead else {
            let job = jobs.remove(at: index)
            if !job.onlyReads { writing += 1 }
            return job
        }
        reading[worker] = Deadline.now.adding(.milliseconds(5))
        let reads = jobs[index...].prefix(Self.mostTogether).prefix { $0.asRead != nil }.compactMap(\.asRead)
        jobs.removeSubrange(index..<index + reads.count)
        return reads.count == 1 ? first : PostgresReads(reads)
    }

    /// Says that a job is done, so that the next that writes may run.
    func ended(_ job: any PostgresJob) {
        guard !job.onlyReads else { return }
        let wakes: Int? = locked {
            writing -= 1
            // Who calls this may not come for the next job: it may have to connect first.
            return jobs.isEmpty ? nil : idle.popLast()
        }
        if let wakes { signal(wakes) }
    }

    /// Gives back, to the front, a job that has not been started.
    func putBack(_ job: any PostgresJob) {
        let wakes: Int? = locked {
            if !job.onlyReads { writing -= 1 }
            jobs.insert(contentsOf: (job as? PostgresReads)?.reads as [any PostgresJob]? ?? [job], at: 0)
            return idle.popLast()
        }
        if let wakes { signal(wakes) }
    }

    /// Waits between two attempts to connect; answers whether to go on.
    func pause(_ worker: Int, until deadline: Deadline) -> Bool {
        var time = deadline.timespec
        return locked {
            while !isClosed, Deadline.now < deadline {
                unsafe pthread_cond_timedwait(wakeUps.advanced(by: worker), mutex, &time)
            }
            return !isClosed
        }
    }

    /// Whether the queue takes no more jobs.
    var isClosing: Bool { locked { isClosed } }

    /// Counts a worker that has connected.
    func countConnected() {
        locked {
            connected += 1
            connects += 1
        }
    }

    /// Counts a worker that has lost its connection; what it would have come back for is for another.
    func countLost(_ worker: Int) {
        let wakes: Int? = locked {
            connected -= 1
            reading[worker] = nil
            return jobs.isEmpty ? nil : idle.popLast()
        }
        if let wakes { signal(wakes) }
    }

    /// Counts a thread that ends; the last one fails what nobody could serve and lets `finished` return.
    func threadEnds() {
        var leftovers: [any PostgresJob] = []
        let continuations: [CheckedContinuation<Void, Never>] = locked {
            liveThreads -= 1
            // With the timekeeper alone left, no worker will come.
            if liveThreads <= 1 { swap(&leftovers, &jobs) }
            guard liveThreads == 0 else { return [] }
            defer { finishers = [] }
            return finishers
        }
        for job in leftovers { job.fail(PostgresError.unavailable(.closed)) }
        signal(workers)
        for continuation in continuations { continuation.resume() }
    }

    /// Fails jobs that wait too long, and has another worker take reads whose worker is not back, until all is closed; in a
    /// thread of its own, because all workers may be waiting for a server that is away.
    func keepTime() {
        while true {
            let late: [any PostgresJob]? = locked {
                while true {
                    let now = Deadline.now
                    let late = jobs.filter { $0.waitsUntil <= now }
                    if !late.isEmpty {
                        jobs.removeAll { $0.waitsUntil <= now }
                        expired += UInt64(late.count)
                        return late
                    }
                    if isClosed, liveThreads <= 1 { return nil }
                    timekeeperWakes = jobs.lazy.map(\.waitsUntil).min() ?? .never
                    if let back = reading.values.max(), jobs.contains(where: { $0.asRead != nil }) {
                        let another = now < back ? nil : idle.popLast()
                        if let another { signal(another) }
                        if now < back { timekeeperWakes = min(timekeeperWakes, back) }
                    }
                    var time = timekeeperWakes.timespec
                    unsafe pthread_cond_timedwait(wakeUps.advanced(by: workers), mutex, &time)
                }
            }
            guard let late else { return }
            for job in late { job.fail(PostgresError.unavailable(.waitedTooLong)) }
        }
    }

    /// Runs `body` with the lock held.
    private func locked<Value>(_ body: () -> Value) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Wakes the thread of that number; without the lock held, so that it need not wait for it.
    private func signal(_ thread: Int) {
        unsafe pthread_cond_signal(wakeUps.advanced(by: thread))
    }
}
