/// Decides which job runs next, on which worker, and which job has waited too long.
///
/// It has no locks, threads or clock. Workers are numbers. When a method returns a worker to wake, the caller wakes it.
struct JobSchedule<Job> {
    /// What a job does; it determines which jobs may run at the same time.
    enum Kind: Hashable, Sendable {
        /// Writes; a lock or an unavailable standby can block it.
        case writes
        /// Only reads.
        case reads
        /// Reads by a key; all waiting jobs of this kind share one run.
        case shares(ObjectIdentifier)
    }

    /// A waiting job.
    struct Waiting {
        let id: UInt64
        let kind: Kind
        let waitsUntil: Deadline
        let job: Job
    }

    /// One job, or several that share a run.
    struct Run {
        let kind: Kind
        let jobs: [Job]
    }

    /// The result of submitting a job.
    enum Admission: Equatable {
        /// The job waits; if there is an idle worker to wake, its number.
        case waits(wake: Int?)
        /// The queue is full.
        case full
        /// The schedule is closed.
        case closed
    }

    /// What a worker does next.
    enum Next {
        /// Run this, and wake another worker for the remaining jobs.
        case run(Run, wake: Int?)
        /// Sleep until woken.
        case sleep
        /// End: the schedule is closed and no job is left.
        case end
    }

    /// The maximum number of jobs that share a run.
    static var mostTogether: Int { 64 }
    /// The maximum number of concurrent shared runs.
    ///
    /// A limit lets jobs that arrive in the meantime form a batch; more than one, so that a connection that does not respond
    /// does not block the others.
    static var mostShared: Int { 2 }

    private let limit: Int
    /// The maximum number of concurrent writing jobs: one worker is reserved for reads.
    private let writeLimit: Int
    private(set) var waiting: [Waiting] = []
    /// Idle workers.
    ///
    /// The one that stopped last is woken first, because its caches are warm.
    private var idle: [Int] = []
    /// Workers that have been woken and have not requested a run yet.
    private var coming: Set<Int> = []
    private var writing = 0
    private var sharing = 0
    private var reading = 0
    private(set) var isClosed = false
    /// After closing, the time until which waiting jobs still run.
    private var drainsUntil = Deadline.never

    /// Creates a schedule for that many workers and waiting jobs.
    init(workers: Int, limit: Int) {
        self.limit = limit
        writeLimit = max(1, workers - 1)
    }

    /// The number of idle workers.
    var idleCount: Int { idle.count }

    /// Whether the schedule is closed and no job waits or runs.
    var isDone: Bool { isClosed && waiting.isEmpty && writing + sharing + reading == 0 }

    /// When `expire` must be called next.
    var nextExpiry: Deadline {
        min(waiting.lazy.map(\.waitsUntil).min() ?? .never, waiting.isEmpty ? .never : drainsUntil)
    }

    /// Whether the worker is asleep: not woken since it went to sleep.
    func sleeps(_ worker: Int) -> Bool { idle.contains(worker) }

    /// Adds a job.
    mutating func push(_ job: Waiting) -> Admission {
        guard !isClosed else { return .closed }
        // A quarter of the queue is reserved for reads, however many writes wait.
        guard waiting.count < (job.kind == .writes ? limit - limit / 4 : limit) else { return .full }
        waiting.append(job)
        return .waits(wake: wake())
    }

    /// The next run for a worker.
    mutating func take(for worker: Int) -> Next {
        coming.remove(worker)
        guard let index = waiting.firstIndex(where: { mayRun($0.kind) }) else {
            if isClosed, waiting.isEmpty { return .end }
            idle.append(worker)
            return .sleep
        }
        let kind = waiting[index].kind
        var jobs: [Job] = []
        if case .shares = kind {
            waiting.removeAll { job in
                guard job.kind == kind, jobs.count < Self.mostTogether else { return false }
                jobs.append(job.job)
                return true
            }
        } else {
            jobs = [waiting.remove(at: index).job]
        }
        count(kind, by: 1)
        return .run(Run(kind: kind, jobs: jobs), wake: wake())
    }

    /// Marks a run as ended; the worker will ask for the next one.
    mutating func ended(_ kind: Kind) { count(kind, by: -1) }

    /// A worker to wake for a waiting job that may run; nil when there is no such job or no idle worker, or when enough
    /// workers have been woken.
    mutating func wake() -> Int? {
        guard !idle.isEmpty, coming.count < runs(upTo: coming.count + 1) else { return nil }
        let worker = idle.popLast()
        if let worker { coming.insert(worker) }
        return worker
    }

    /// The number of runs that the waiting jobs would form now, counted up to `most`.
    private func runs(upTo most: Int) -> Int {
        var runs = 0
        var shared: Set<Kind> = []
        for job in waiting where mayRun(job.kind) {
            if case .shares = job.kind, !shared.insert(job.kind).inserted { continue }
            runs += 1
            if runs == most { break }
        }
        return runs
    }

    /// Puts jobs back at the front of the queue.
    mutating func requeue(_ jobs: [Waiting]) {
        waiting.insert(contentsOf: jobs, at: 0)
    }

    /// Removes a waiting job.
    mutating func cancel(_ id: UInt64) -> Job? {
        waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0).job }
    }

    /// Removes all waiting jobs.
    mutating func removeAll() -> [Job] {
        defer { waiting = [] }
        return waiting.map(\.job)
    }

    /// Removes the jobs whose waiting time is over, or all jobs once the time for draining is over.
    mutating func expire(at now: Deadline) -> [Job] {
        guard now < drainsUntil else { return removeAll() }
        guard waiting.contains(where: { $0.waitsUntil <= now }) else { return [] }
        let late = waiting.filter { $0.waitsUntil <= now }
        waiting.removeAll { $0.waitsUntil <= now }
        return late.map(\.job)
    }

    /// Closes the schedule; waiting jobs run until the given time.
    ///
    /// The caller wakes all workers.
    mutating func close(drainingUntil end: Deadline) {
        isClosed = true
        drainsUntil = min(drainsUntil, end)
        idle = []
        coming = []
    }

    private func mayRun(_ kind: Kind) -> Bool {
        switch kind {
        case .writes: writing < writeLimit
        case .reads: true
        case .shares: sharing < Self.mostShared
        }
    }

    private mutating func count(_ kind: Kind, by change: Int) {
        switch kind {
        case .writes: writing += change
        case .reads: reading += change
        case .shares: sharing += change
        }
    }
}
