import Glibc
import ServiceLifecycle
import Shared
import SystemThreads

/// Separate threads for CPU-bound work, with a bounded queue, so that neither the event loops nor Swift's tasks wait
/// for it.
///
/// The threads start with the pool. As a service, the pool closes on graceful shutdown, finishes waiting jobs, and ends
/// its threads.
final class HashingPool: Service {
    private let queue: HashingQueue
    private let deadline: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let onStart: @Sendable (Duration) -> Void

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: the number of threads.
    ///   - queueLimit: the number of jobs that may wait; more are rejected at once.
    ///   - memory: the memory of all running jobs together in bytes.
    ///   - deadline: how long a job may wait; later jobs are rejected.
    ///   - now: the clock, for tests.
    ///   - onStart: called on a thread of the pool with the time that a job waited.
    /// - Throws: `SystemThread.Failure` when the system refuses a thread.
    init(
        threads: Int,
        queueLimit: Int = 32,
        memory: Int = .max,
        deadline: Duration = .seconds(5),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        onStart: @escaping @Sendable (Duration) -> Void = { _ in }
    ) throws {
        let queue = HashingQueue(limit: queueLimit, threads: threads, memory: memory, now: now)
        self.queue = queue
        self.deadline = deadline
        self.now = now
        self.onStart = onStart
        Argon2Memory.shared.keep(threads, bytes: memory)
        for _ in 0..<threads {
            let thread = try SystemThread.start {
                // Requests without a hash have priority. On Linux this sets the priority of this thread only.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                queue.work()
            }
            pthread_detach(thread)
        }
    }

    deinit {
        queue.close()
    }

    /// The number of waiting, running and rejected jobs.
    var snapshot: HashingSnapshot { queue.snapshot }

    /// Reserves a place for a job while `body` prepares and runs it.
    ///
    /// - Throws: `APIError` `overloaded` at once, before `body` runs, when there is no place; the errors of `body`.
    func admitting<Value>(_ body: () async throws -> Value) async throws -> Value {
        try queue.enter()
        defer { queue.leave() }
        return try await body()
    }

    /// Runs a job on one of the threads.
    ///
    /// - Parameters:
    ///   - isUsual: whether the job costs no more than a usual hash; a result may be held back while such a job runs.
    ///   - memory: the memory that the job needs in bytes.
    ///   - job: the work.
    /// - Returns: the result of the job.
    /// - Throws: `APIError` `overloaded` at once when the queue is full or the pool shuts down, and when the job waited
    ///   too long; `internal_error` when it needs more than all the memory; `CancellationError` when the task is
    ///   cancelled while the job waits; the errors of the job.
    func perform<Result: Sendable>(
        isUsual: Bool = false,
        memory: Int = 0,
        _ job: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        let queue = queue
        let id = queue.makeID()
        let since = now()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.append(
                    HashingQueue.Job(
                        id: id,
                        deadline: since + deadline,
                        isUsual: isUsual,
                        memory: memory,
                        perform: { [now, onStart] in
                            onStart(now() - since)
                            let result = Swift.Result { try job() }
                            return { continuation.resume(with: result) }
                        },
                        reject: { continuation.resume(throwing: $0) }
                    )
                )
                // A cancellation before the job was in the queue could not remove it.
                if Task.isCancelled { queue.cancel(id) }
            }
        } onCancel: {
            queue.cancel(id)
        }
    }

    /// Waits for graceful shutdown or cancellation, then for waiting jobs and for the threads.
    func run() async {
        try? await gracefulShutdown()
        queue.close()
        await queue.end()
    }
}
