/// Which job runs next, on which worker, and which has waited too long: what the queue of a pool decides, without locks,
/// threads and clocks.
///
/// Workers are numbers. What a method gives as a worker to wake is to be woken by the caller.
struct JobSchedule<Job> {
    /// What a job does, which decides beside what it may run.
    enum Kind: Hashable, Sendable {
        /// Changes something, and may be held up by a lock or an absent standby.
        case writes
        /// Only reads.
        case reads
        /// Asks what others ask too; all that wait share one run.
        case shares(ObjectIdentifier)
    }

    /// A job that waits.
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

    /// What becomes of a job that is handed in.
    enum Admission: Equatable {
        /// It waits; a worker that has nothing to do may have to be woken for it.
        case waits(wake: Int?)
        /// There is no room.
        case full
        /// No more jobs are taken.
        case closed
    }

    /// What a worker is to do.
    enum Next {
        /// Run this, and wake another worker for what is left.
        case run(Run, wake: Int?)
        /// Sleep until woken.
        case sleep
        /// End: there will be no more.
        case end
    }

    /// The most jobs that share a run.
    static var mostTogether: Int { 64 }
    /// The most shared runs at once, so that what comes meanwhile gathers; more than one, so that one connection that is
    /// stuck holds up nobody.
    static var mostShared: Int { 2 }

    private let limit: Int
    /// How many jobs that write may run at once: one worker is left for reading.
    private let writeLimit: Int
    private(set) var waiting: [Waiting] = []
    /// Workers without work; the one that stopped last, whose caches are warm, is woken first.
    private var idle: [Int] = []
    /// Workers that have been woken and have not come yet.
    private var coming: Set<Int> = []
    private var writing = 0
    private var sharing = 0
    private var reading = 0
    private(set) var isClosed = false
    /// Until when what waits is still run after closing.
    private var drainsUntil = Deadline.never

    /// A schedule for so many workers, in which so many jobs may wait.
    init(workers: Int, limit: Int) {
        self.limit = limit
        writeLimit = max(1, workers - 1)
    }

    /// How many workers have nothing to do.
    var idleCount: Int { idle.count }

    /// Whether it is closed and nothing waits or runs.
    var isDone: Bool { isClosed && waiting.isEmpty && writing + sharing + reading == 0 }

    /// When `expire` has something to do next.
    var nextExpiry: Deadline {
        min(waiting.lazy.map(\.waitsUntil).min() ?? .never, waiting.isEmpty ? .never : drainsUntil)
    }

    /// Whether the worker has not been woken since it was told to sleep.
    func sleeps(_ worker: Int) -> Bool { idle.contains(worker) }

    /// Takes a job in.
    mutating func push(_ job: Waiting) -> Admission {
        guard !isClosed else { return .closed }
        // However many wait to write, there is room for who only asks something.
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

    /// Says that a run is over, by a worker that comes for the next one.
    mutating func ended(_ kind: Kind) { count(kind, by: -1) }

    /// A worker to wake for what waits and may run; nil when there is none of either, or enough of them are coming.
    mutating func wake() -> Int? {
        guard !idle.isEmpty, coming.count < runs(upTo: coming.count + 1) else { return nil }
        let worker = idle.popLast()
        if let worker { coming.insert(worker) }
        return worker
    }

    /// How many runs what waits would make now, counted no further than that.
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

    /// Takes jobs back that are to run before all others.
    mutating func putBack(_ jobs: [Waiting]) {
        waiting.insert(contentsOf: jobs, at: 0)
    }

    /// Takes a job out that still waits.
    mutating func cancel(_ id: UInt64) -> Job? {
        waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0).job }
    }

    /// Takes everything out that waits.
    mutating func removeAll() -> [Job] {
        defer { waiting = [] }
        return waiting.map(\.job)
    }

    /// Takes out what has waited too long by now, and everything once the time for draining is over.
    mutating func expire(at now: Deadline) -> [Job] {
        guard now < drainsUntil else { return removeAll() }
        guard waiting.contains(where: { $0.waitsUntil <= now }) else { return [] }
        let late = waiting.filter { $0.waitsUntil <= now }
        waiting.removeAll { $0.waitsUntil <= now }
        return late.map(\.job)
    }

    /// Takes no more jobs; what waits is run until that time, for which all workers are to be woken.
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
