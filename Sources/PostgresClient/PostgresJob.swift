/// Work for a worker.
protocol PostgresJob: AnyObject, Sendable {
    /// Identifies the job for cancellation.
    var id: UInt64 { get }
    /// What it does.
    var kind: PostgresSchedule.Kind { get }
    /// When waiting for a worker ends.
    var waitsUntil: Deadline { get }
    /// Runs jobs of this kind, including this one, and delivers their results or errors; called on a worker.
    ///
    /// - Returns: the jobs to run again: reads whose shared statement ended because another job's time was over.
    func run(_ jobs: [any PostgresJob], on connection: PostgresConnection) -> [any PostgresJob]
    /// Delivers an error instead of running; called at most once, and never together with `run`.
    func fail(_ error: any Error)
}

/// The schedule of a pool.
typealias PostgresSchedule = JobSchedule<any PostgresJob>

extension PostgresJob {
    /// The job while it waits.
    var waiting: PostgresSchedule.Waiting {
        PostgresSchedule.Waiting(id: id, kind: kind, waitsUntil: waitsUntil, job: self)
    }
}

/// The deadlines of a job, counted from its submission.
struct PostgresJobTimes: Sendable {
    /// When waiting for a worker ends.
    let waitsUntil: Deadline
    /// When the job must be finished.
    let endsBy: Deadline

    /// Uses the shorter of the pool's limits and the remaining budget of the current request.
    init(_ configuration: PostgresConfiguration) {
        let now = Deadline.now
        let end = DatabaseBudget.current?.end(from: now) ?? .never
        waitsUntil = min(now.adding(configuration.waitTimeout), end)
        endsBy = min(now.adding(configuration.jobTimeout), end)
    }
}

/// A closure, and the task that waits for its result.
final class PostgresClosureJob<Value: Sendable>: PostgresJob {
    let id: UInt64
    let kind: PostgresSchedule.Kind
    private let times: PostgresJobTimes
    private let body: @Sendable (PostgresConnection) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>

    /// Creates a job that starts waiting now.
    init(
        id: UInt64,
        kind: PostgresSchedule.Kind,
        times: PostgresJobTimes,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value,
        _ continuation: CheckedContinuation<Value, any Error>
    ) {
        self.id = id
        self.kind = kind
        self.times = times
        self.body = body
        self.continuation = continuation
    }

    var waitsUntil: Deadline { times.waitsUntil }

    func run(_ jobs: [any PostgresJob], on connection: PostgresConnection) -> [any PostgresJob] {
        connection.setDeadline(times.endsBy)
        let result = Result {
            let value = try body(connection)
            try connection.checkIdle()
            return value
        }
        // A failed job may have left a transaction open, too; its own error is more informative.
        if case .failure = result { try? connection.checkIdle() }
        continuation.resume(with: result)
        return []
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }
}
