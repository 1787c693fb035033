/// Work that waits for a worker.
protocol PostgresJob: AnyObject, Sendable {
    /// The number under which it can be cancelled.
    var id: UInt64 { get }
    /// When waiting for a worker ends.
    var waitsUntil: Deadline { get }
    /// Whether it only reads, so that it may have the worker that is kept for such.
    var onlyReads: Bool { get }
    /// Runs the work and hands on its result or error; called once, on a worker.
    func run(on connection: PostgresConnection)
    /// Hands on an error instead of running; called at most once, and never beside `run`.
    func fail(_ error: any Error)
    /// The same job, when it can share a round trip with others.
    var asRead: (any PostgresRead)? { get }
}

extension PostgresJob {
    /// Has the connection to itself.
    var asRead: (any PostgresRead)? { nil }
}

/// A closure and the task that waits for its result.
final class PostgresClosureJob<Value: Sendable>: PostgresJob {
    let id: UInt64
    let waitsUntil: Deadline
    let onlyReads: Bool
    private let endsBy: Deadline
    private let body: @Sendable (PostgresConnection) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>

    /// Makes a job that starts waiting now.
    init(
        id: UInt64,
        _ configuration: PostgresConfiguration,
        onlyReads: Bool,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value,
        _ continuation: CheckedContinuation<Value, any Error>
    ) {
        let now = Deadline.now
        let end = DatabasePatience.current?.end(from: now) ?? .never
        self.id = id
        waitsUntil = min(now.adding(configuration.waitTimeout), end)
        endsBy = min(now.adding(configuration.jobTimeout), end)
        self.onlyReads = onlyReads
        self.body = body
        self.continuation = continuation
    }

    func run(on connection: PostgresConnection) {
        connection.setDeadline(endsBy)
        let result = Result {
            let value = try body(connection)
            try connection.checkIdle()
            return value
        }
        // A job that failed may have left a transaction open too; its own error says more.
        if case .failure = result { try? connection.checkIdle() }
        continuation.resume(with: result)
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }
}
