import Synchronization

/// The total time that one request may spend on the database, in the queue and running statements, however many jobs it
/// submits (D7: a response within three seconds).
package final class DatabaseBudget: Sendable {
    /// The budget of the current request; nil where each job has only its own limit.
    @TaskLocal package static var current: DatabaseBudget?

    /// The time limit of one request, and of one job, unless the pool's configuration has another.
    package static let limit: Duration = .milliseconds(2600)

    private let limit: Duration?
    private let spent = Atomic<UInt64>(0)

    /// Creates a budget; nil means no limit.
    package init(limit: Duration? = DatabaseBudget.limit) { self.limit = limit }

    /// When the budget ends, if the request waits for the database from now on.
    package func end(from now: Deadline) -> Deadline {
        guard let limit else { return .never }
        let total = Deadline(nanoseconds: 0).adding(limit).nanoseconds
        let left = total - min(total, spent.load(ordering: .relaxed))
        return now.adding(.nanoseconds(Int64(left)))
    }

    /// Deducts the time since `start`.
    package func spend(since start: Deadline) {
        spent.wrappingAdd(Deadline.now.nanoseconds - start.nanoseconds, ordering: .relaxed)
    }
}
