/// One of many lookups that share a statement, and the task that waits for its result.
///
/// The statement is sent after the lookup was requested: it includes the lookups that wait when a worker becomes free,
/// and no later ones.
final class PostgresLookup<S: SharedRead>: PostgresJob {
    let id: UInt64
    let kind = PostgresSchedule.Kind.shares(ObjectIdentifier(S.self))
    private let key: S.Key
    private let times: PostgresJobTimes
    private let onStart: @Sendable () -> Void
    private let continuation: CheckedContinuation<S.Value?, any Error>

    /// A lookup with less time left fails, instead of shortening the statement that others share.
    private static var leastTime: Duration { .milliseconds(100) }

    /// Creates a lookup that starts waiting now; `onStart` is called when the wait ends.
    init(
        id: UInt64,
        key: S.Key,
        times: PostgresJobTimes,
        onStart: @escaping @Sendable () -> Void,
        _ continuation: CheckedContinuation<S.Value?, any Error>
    ) {
        self.id = id
        self.key = key
        self.times = times
        self.onStart = onStart
        self.continuation = continuation
    }

    var waitsUntil: Deadline { times.waitsUntil }

    func run(_ jobs: [any PostgresJob], on connection: PostgresConnection) -> [any PostgresJob] {
        let lookups = Self.inTime(jobs.compactMap { $0 as? PostgresLookup<S> })
        guard !lookups.isEmpty else { return [] }
        for lookup in lookups { lookup.onStart() }
        var places: [S.Key: Int] = [:]
        var keys: [S.Key] = []
        for lookup in lookups where places[lookup.key] == nil {
            places[lookup.key] = keys.count
            keys.append(lookup.key)
        }
        connection.setDeadline(lookups.map(\.times.endsBy).min() ?? .never)
        do {
            var values = [S.Value?](repeating: nil, count: keys.count)
            for (place, value) in try connection.all(S(keys)) {
                guard values.indices.contains(place) else {
                    throw PostgresError(kind: .decoding, statement: S.name, detail: "a row matches none of the keys")
                }
                values[place] = value
            }
            for lookup in lookups {
                lookup.continuation.resume(returning: places[lookup.key].flatMap { values[$0] })
            }
            return []
        } catch {
            // The statement ended because the time of one lookup was over; the others are repeated.
            let isLate = (error as? PostgresError)?.kind == .unavailable(.noResponse)
            guard isLate, lookups.count > 1 else {
                for lookup in lookups { lookup.fail(error) }
                return []
            }
            return Self.inTime(lookups, orElse: error)
        }
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }

    /// The lookups that have enough time left; fails the others.
    private static func inTime(
        _ lookups: [PostgresLookup<S>],
        orElse error: any Error = PostgresError.unavailable(.waitedTooLong)
    ) -> [PostgresLookup<S>] {
        let soon = Deadline.now.adding(leastTime)
        return lookups.filter { lookup in
            let isInTime = soon < lookup.times.endsBy
            if !isInTime { lookup.fail(error) }
            return isInTime
        }
    }
}
