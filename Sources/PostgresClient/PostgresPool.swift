import Glibc
package import Logging
import ServiceLifecycle
import SystemThreads
import Synchronization

/// A fixed number of threads, each with one connection, that run closures handed in by requests.
///
/// The threads start with `init` and connect in the background; until one has, jobs wait. They end with `run()`'s
/// graceful shutdown, with `close()`, or, unattended, when the last reference to the pool goes.
package final class PostgresPool: Service, Sendable {
    /// The limits, and how to connect.
    package let configuration: PostgresConfiguration

    private let queue: PostgresJobQueue
    private let threads: Mutex<[pthread_t]>
    private let onStart: (@Sendable (Duration) -> Void)?

    /// Starts the threads.
    ///
    /// A process that gets no thread at its start cannot serve, so that ends it.
    ///
    /// - Parameters:
    ///   - configuration: the limits, and how to connect.
    ///   - logger: told about lost and restored connections.
    ///   - onStart: told, on a worker, how long a job had waited for it.
    package init(
        _ configuration: PostgresConfiguration,
        logger: Logger,
        onStart: (@Sendable (Duration) -> Void)? = nil
    ) {
        let size = max(1, configuration.poolSize)
        let queue = PostgresJobQueue(workers: size, limit: configuration.queueLimit)
        self.configuration = configuration
        self.queue = queue
        self.onStart = onStart
        var threads = (0..<size).map { index in
            Self.startThread {
                PostgresWorker(index: index, queue: queue, configuration: configuration, logger: logger).run()
            }
        }
        threads.append(
            Self.startThread {
                queue.keepTime()
                queue.threadEnds()
            }
        )
        self.threads = Mutex(threads)
    }

    deinit {
        queue.close(draining: configuration.drainTimeout)
        threads.withLock { threads in
            for thread in threads { pthread_detach(thread) }
            threads = []
        }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        do {
            return try SystemThread.start(body)
        } catch {
            preconditionFailure("the system refuses a new thread (error \(error.status))")
        }
    }

    /// Waits for graceful shutdown, finishes what has been handed in, and ends the threads.
    ///
    /// Put the pool before the server in the list of services, so that it ends after it.
    package func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Runs `body` with a pool that ends with the call; when the task is cancelled, whatever it runs is stopped.
    ///
    /// Throws what `body` throws, and `CancellationError` when the task was cancelled.
    package static func with<Value>(
        _ configuration: PostgresConfiguration,
        logger: Logger,
        _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let pool = PostgresPool(configuration, logger: logger)
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await withTaskCancellationHandler {
                    try await body(pool)
                } onCancel: {
                    pool.stop()
                }
            )
        } catch {
            result = .failure(Task.isCancelled ? CancellationError() : error)
        }
        await pool.close()
        return try result.get()
    }

    /// Refuses further jobs, finishes what has been handed in, and ends the threads.
    ///
    /// Returns within the time for draining and a second: what runs then is cancelled, and a thread that cannot be reached,
    /// because the system's resolver holds it, is left to itself.
    package func close() async {
        queue.close(draining: configuration.drainTimeout)
        let allEnded = await queue.finished()
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        // Those that have ended their work take microseconds more.
        for thread in threads {
            if allEnded { pthread_join(thread, nil) } else { pthread_detach(thread) }
        }
    }

    /// Refuses further jobs and ends those that wait or run: statements are cancelled, transactions rolled back.
    package func stop() {
        queue.close(draining: .zero)
    }

    /// Runs `body` on a worker, outside any transaction.
    ///
    /// `body` is synchronous and should do nothing but run statements and combine their rows. Throws what it throws,
    /// `PostgresError`, or `CancellationError` when the task is cancelled while it waits for a worker.
    package func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await perform(.writes, body)
    }

    /// The same for a `body` that only reads: it does not wait behind those that write, which a lock may hold up.
    package func reading<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresReader) throws -> Value
    ) async throws -> Value {
        try await perform(.reads) { try body(PostgresReader($0)) }
    }

    private func perform<Value: Sendable>(
        _ kind: PostgresSchedule.Kind,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let body = timed(body)
        return try await submit { id, times, continuation in
            PostgresClosureJob(id: id, kind: kind, times: times, body, continuation)
        }
    }

    /// Asks what others ask at the same time; nil when there is no answer.
    ///
    /// One statement answers all that wait when a worker is free, equal ones once. It is sent after each of them was
    /// asked, so whatever was committed before is seen. Throws `PostgresError`, or `CancellationError` when the task is
    /// cancelled while it waits for a worker.
    package func answer<S: SharedRead>(_ type: S.Type, for key: S.Key) async throws -> S.Answer? {
        let onStart = onStart, since = ContinuousClock.now
        return try await submit { id, times, continuation in
            PostgresQuestion<S>(id: id, key: key, times: times, onStart: { onStart?(.now - since) }, continuation)
        }
    }

    /// Hands a job in and waits for its result.
    private func submit<Value: Sendable>(
        _ job: (UInt64, PostgresJobTimes, CheckedContinuation<Value, any Error>) -> any PostgresJob
    ) async throws -> Value {
        let id = queue.makeID()
        let spent = DatabaseBudget.current.map { (budget: $0, since: Deadline.now) }
        defer { if let spent { spent.budget.spend(since: spent.since) } }
        let times = PostgresJobTimes(configuration)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.push(job(id, times, continuation))
                // The handler may have run before there was anything to cancel.
                if Task.isCancelled { queue.cancel(id) }
            }
        } onCancel: {
            queue.cancel(id)
        }
    }

    /// The same closure, which says first how long it has waited, if somebody wants to know.
    private func timed<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) -> @Sendable (PostgresConnection) throws -> Value {
        guard let onStart else { return body }
        let since = ContinuousClock.now
        return { db in
            onStart(.now - since)
            return try body(db)
        }
    }

    /// Runs `body` on a worker in a transaction, which is rolled back when it throws.
    ///
    /// With `retrying`, `body` runs again, up to three times in all, after a serialization failure or a deadlock; and in
    /// any case once more when a prepared statement had gone stale. So it must have no effect but on the database.
    package func transaction<Value: Sendable>(
        retrying: Bool = false,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await withConnection { try $0.transaction(retrying: retrying, body) }
    }

    /// Asks the server for a sign of life; throws `PostgresError`.
    package func ping() async throws {
        _ = try await reading { try $0.one(Ping()) }
    }

    /// Depth of the queue and state of the workers.
    package var snapshot: PostgresPoolSnapshot { queue.snapshot }

    /// Whether at least one worker holds a connection that is not known to be broken.
    package var isConnected: Bool { snapshot.connected > 0 }
}

/// The cheapest statement.
private struct Ping: ReadStatement {
    static let sql: StaticString = "SELECT 1"
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}
