import Synchronization

/// How long the database may keep one request waiting in all, however many jobs the request hands in one after the other
/// (D7: an answer within three seconds).
final class DatabasePatience: Sendable {
    /// That of the request in hand; nil where each job has its own limit only.
    @TaskLocal static var current: DatabasePatience?

    /// As long as one job may take.
    private static let limit: UInt64 = 2_700_000_000
    private let spent = Atomic<UInt64>(0)

    /// When it ends, if the database keeps the request waiting from now on.
    func end(from now: Deadline) -> Deadline {
        let left = Self.limit - min(Self.limit, spent.load(ordering: .relaxed))
        return now.adding(.nanoseconds(Int64(left)))
    }

    /// Counts the time since then as spent.
    func spend(since start: Deadline) {
        spent.wrappingAdd(Deadline.now.nanoseconds - start.nanoseconds, ordering: .relaxed)
    }
}
