/// One of many lookups that share a statement, and the task that waits for its result.
///
/// The statement is sent after the lookup was requested: it includes the lookups that wait when a worker becomes free,
/// and no later ones.
final class PostgresQuestion<S: SharedRead>: PostgresJob {
    let id: UInt64
    let kind = PostgresSchedule.Kind.shares(ObjectIdentifier(S.self))
    private let key: S.Key
    private let times: PostgresJobTimes
    private let onStart: @Sendable () -> Void
    private let continuation: CheckedContinuation<S.Answer?, any Error>

    /// A lookup with less time left fails, instead of shortening the statement that others share.
    private static var leastTime: Duration { .milliseconds(100) }

    /// Creates a lookup that starts waiting now; `onStart` is called when the wait ends.
    init(
        id: UInt64,
        key: S.Key,
        times: PostgresJobTimes,
        onStart: @escaping @Sendable () -> Void,
        _ continuation: CheckedContinuation<S.Answer?, any Error>
    ) {
        self.id = id
        self.key = key
        self.times = times
        self.onStart = onStart
        self.continuation = continuation
    }

    var waitsUntil: Deadline { times.waitsUntil }

    func run(_ jobs: [any PostgresJob], on connection: PostgresConnection) -> [any PostgresJob] {
        let questions = Self.inTime(jobs.compactMap { $0 as? PostgresQuestion<S> })
        guard !questions.isEmpty else { return [] }
        for question in questions { question.onStart() }
        var places: [S.Key: Int] = [:]
        var keys: [S.Key] = []
        for question in questions where places[question.key] == nil {
            places[question.key] = keys.count
            keys.append(question.key)
        }
        connection.setDeadline(questions.map(\.times.endsBy).min() ?? .never)
        do {
            var answers = [S.Answer?](repeating: nil, count: keys.count)
            for (place, answer) in try connection.all(S(keys)) {
                guard answers.indices.contains(place) else {
                    throw PostgresError(kind: .decoding, statement: S.name, detail: "a row for none of the keys")
                }
                answers[place] = answer
            }
            for question in questions {
                question.continuation.resume(returning: places[question.key].flatMap { answers[$0] })
            }
            return []
        } catch {
            // The statement ended because the time of one lookup was over; the others are repeated.
            let isLate = (error as? PostgresError)?.kind == .unavailable(.noAnswer)
            guard isLate, questions.count > 1 else {
                for question in questions { question.fail(error) }
                return []
            }
            return Self.inTime(questions, orElse: error)
        }
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }

    /// The lookups that have enough time left; fails the others.
    private static func inTime(
        _ questions: [PostgresQuestion<S>],
        orElse error: any Error = PostgresError.unavailable(.waitedTooLong)
    ) -> [PostgresQuestion<S>] {
        let soon = Deadline.now.adding(leastTime)
        return questions.filter { question in
            let isInTime = soon < question.times.endsBy
            if !isInTime { question.fail(error) }
            return isInTime
        }
    }
}
