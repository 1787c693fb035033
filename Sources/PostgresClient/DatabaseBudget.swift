import Synchronization

/// How long the database may keep one request waiting in all: in the queue, and with statements under way, however many
/// jobs the request hands in one after the other (D7: an answer within three seconds).
package final class DatabaseBudget: Sendable {
    /// That of the request in hand; nil where each job has its own limit only.
    @TaskLocal package static var current: DatabaseBudget?

    /// As long as one job may take.
    package static let limit: Duration = .milliseconds(2600)

    private let spent = Atomic<UInt64>(0)

    package init() {}

    /// When it ends, if the database keeps the request waiting from now on.
    package func end(from now: Deadline) -> Deadline {
        let limit = Deadline(nanoseconds: 0).adding(Self.limit).nanoseconds
        let left = limit - min(limit, spent.load(ordering: .relaxed))
        return now.adding(.nanoseconds(Int64(left)))
    }

    /// Counts the time since then as spent.
    package func spend(since start: Deadline) {
        spent.wrappingAdd(Deadline.now.nanoseconds - start.nanoseconds, ordering: .relaxed)
    }
}
