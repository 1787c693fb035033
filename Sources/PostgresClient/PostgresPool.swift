import Glibc
package import Logging
import ServiceLifecycle
import SystemThreads
import Synchronization

/// A fixed number of threads, each with one connection, that run the closures that requests submit.
///
/// The threads start in `init` and connect in the background; until one has, jobs wait. They end with the graceful
/// shutdown of `run()`, with `close()`, or when the last reference to the pool is released.
package final class PostgresPool: Service, Sendable {
    /// The limits, and how to connect.
    package let configuration: PostgresConfiguration

    private let queue: PostgresJobQueue
    private let threads: Mutex<[pthread_t]>
    private let onStart: (@Sendable (Duration) -> Void)?

    /// Starts the threads.
    ///
    /// Ends the process if the system refuses a thread: it could not serve.
    ///
    /// - Parameters:
    ///   - configuration: the limits, and how to connect.
    ///   - logger: logs lost and restored connections.
    ///   - onStart: called on a worker with the time that a job waited.
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
                queue.runTimekeeper()
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

    /// Waits for graceful shutdown, finishes the submitted jobs, and ends the threads.
    ///
    /// In the list of services, put the pool before the server, so that it ends after the server.
    package func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Runs `body` with a pool that closes at the end of the call.
    ///
    /// If the task is cancelled, its running jobs are stopped.
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

    /// Rejects new jobs, finishes the submitted ones, and ends the threads.
    ///
    /// Returns within the time for draining plus one second: jobs that still run are cancelled, and a thread that is
    /// blocked in the system's resolver is abandoned.
    package func close() async {
        queue.close(draining: configuration.drainTimeout)
        let allEnded = await queue.finished()
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        // Threads that have ended their work exit within microseconds.
        for thread in threads {
            if allEnded { pthread_join(thread, nil) } else { pthread_detach(thread) }
        }
    }

    /// Rejects new jobs and ends those that wait or run: statements are cancelled, transactions rolled back.
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

    /// Runs a `body` that only reads: it does not wait behind writing jobs, which a lock may block.
    ///
    /// Throws like ``withConnection(_:)``.
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

    /// Looks up a key together with the keys of concurrent callers; nil when there is no row.
    ///
    /// When a worker is free, one statement looks up all waiting keys, equal ones once. It is sent after each of the
    /// calls, so it sees everything committed before. Throws `PostgresError`, or `CancellationError` when the task is
    /// cancelled while it waits for a worker.
    package func lookUp<S: SharedRead>(_ type: S.Type, for key: S.Key) async throws -> S.Value? {
        let onStart = onStart, since = ContinuousClock.now
        return try await submit { id, times, continuation in
            PostgresLookup<S>(id: id, key: key, times: times, onStart: { onStart?(.now - since) }, continuation)
        }
    }

    /// Submits a job and waits for its result.
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
                // The handler may have run before the job was submitted.
                if Task.isCancelled { queue.cancel(id) }
            }
        } onCancel: {
            queue.cancel(id)
        }
    }

    /// The same closure, which first reports its waiting time if there is an `onStart`.
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
    /// With `retrying`, `body` runs up to three times after serialization failures or deadlocks; and in any case once
    /// more when a prepared statement was stale. So its only effects must be on the database.
    package func transaction<Value: Sendable>(
        retrying: Bool = false,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await withConnection { try $0.transaction(retrying: retrying, body) }
    }

    /// The depth of the queue and the state of the workers.
    package var snapshot: PostgresPoolSnapshot { queue.snapshot }
}
