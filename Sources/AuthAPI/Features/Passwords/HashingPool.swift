import Glibc
import ServiceLifecycle
import Shared
import SystemThreads

/// A few threads of its own for work that keeps a core busy, so that neither the event loops nor Swift's tasks wait
/// behind it, with a bounded queue in front.
///
/// The threads start with the pool. Run as a service, the pool takes no more jobs from graceful shutdown on, does
/// those that wait, and ends its threads.
final class HashingPool: Service {
    private let queue: HashingQueue
    private let deadline: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let onStart: @Sendable (Duration) -> Void

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: How many.
    ///   - queueLimit: How many jobs may wait; more are refused at once.
    ///   - deadline: How long a job may wait; later ones are refused without being done.
    ///   - now: The clock, for tests.
    ///   - onStart: Told, on a thread of the pool, how long a job had waited for it.
    /// - Throws: `SystemThread.Failure` when the system gives no more threads.
    init(
        threads: Int,
        queueLimit: Int = 32,
        deadline: Duration = .seconds(5),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        onStart: @escaping @Sendable (Duration) -> Void = { _ in }
    ) throws {
        let queue = HashingQueue(limit: queueLimit, threads: threads, now: now)
        self.queue = queue
        self.deadline = deadline
        self.now = now
        self.onStart = onStart
        Argon2Memory.shared.keep(threads)
        for _ in 0..<threads {
            let thread = try SystemThread.start {
                // A request that needs no hash goes first: on Linux this sets the priority of this thread alone.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                queue.work()
            }
            pthread_detach(thread)
        }
    }

    deinit {
        queue.close()
    }

    /// How many jobs wait and run, and how many were refused.
    var snapshot: HashingSnapshot { queue.snapshot }

    /// Keeps a place for a job while `body` prepares it and has it done.
    ///
    /// - Throws: `APIError` `overloaded` at once, before anything is done for the job, when there is no place; what `body`
    ///   throws.
    func admitting<Value>(_ body: () async throws -> Value) async throws -> Value {
        try queue.enter()
        defer { queue.leave() }
        return try await body()
    }

    /// Does a job on one of the threads.
    ///
    /// - Parameters:
    ///   - isUsual: Whether the job costs no more than a usual hash; a finished result may be kept while such a job runs.
    ///   - job: The work.
    /// - Returns: What the job returns.
    /// - Throws: `APIError` `overloaded` at once when the queue is full or the pool shuts down, and when the job
    ///   waited too long; `CancellationError` when the task is cancelled while the job waits; what the job throws.
    func perform<Result: Sendable>(
        isUsual: Bool = false,
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
                        perform: { [now, onStart] in
                            onStart(now() - since)
                            let result = Swift.Result { try job() }
                            return { continuation.resume(with: result) }
                        },
                        refuse: { continuation.resume(throwing: $0) }
                    )
                )
                // A cancellation before the job was in the queue found nothing to remove.
                if Task.isCancelled { queue.cancel(id) }
            }
        } onCancel: {
            queue.cancel(id)
        }
    }

    /// Waits for graceful shutdown or cancellation, then for the jobs that wait and for the threads.
    func run() async {
        try? await gracefulShutdown()
        queue.close()
        await queue.end()
    }
}
