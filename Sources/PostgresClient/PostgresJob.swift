/// Work that waits for a worker.
protocol PostgresJob: AnyObject, Sendable {
    /// The number under which it can be cancelled.
    var id: UInt64 { get }
    /// What it does.
    var kind: PostgresSchedule.Kind { get }
    /// When waiting for a worker ends.
    var waitsUntil: Deadline { get }
    /// Runs jobs of this kind, this one among them, and hands on their results or errors; called on a worker.
    ///
    /// - Returns: those to be run again: they only read, and had to make way for another whose time was over.
    func run(_ jobs: [any PostgresJob], on connection: PostgresConnection) -> [any PostgresJob]
    /// Hands on an error instead of running; called at most once, and never beside `run`.
    func fail(_ error: any Error)
}

/// The schedule of a pool.
typealias PostgresSchedule = JobSchedule<any PostgresJob>

extension PostgresJob {
    /// The job as it waits.
    var waiting: PostgresSchedule.Waiting {
        PostgresSchedule.Waiting(id: id, kind: kind, waitsUntil: waitsUntil, job: self)
    }
}

/// The times of a job, which begin when it is handed in.
struct PostgresJobTimes: Sendable {
    /// When waiting for a worker ends.
    let waitsUntil: Deadline
    /// When it must be answered.
    let endsBy: Deadline

    /// Takes the shorter of what the pool allows and what the request in hand has left.
    init(_ configuration: PostgresConfiguration) {
        let now = Deadline.now
        let end = DatabaseBudget.current?.end(from: now) ?? .never
        waitsUntil = min(now.adding(configuration.waitTimeout), end)
        endsBy = min(now.adding(configuration.jobTimeout), end)
    }
}

/// A closure and the task that waits for its result.
final class PostgresClosureJob<Value: Sendable>: PostgresJob {
    let id: UInt64
    let kind: PostgresSchedule.Kind
    private let times: PostgresJobTimes
    private let body: @Sendable (PostgresConnection) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>

    /// Makes a job that starts waiting now.
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
        // A job that failed may have left a transaction open too; its own error says more.
        if case .failure = result { try? connection.checkIdle() }
        continuation.resume(with: result)
        return []
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }
}
