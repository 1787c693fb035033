import FoundationEssentials
import PostgresClient

/// A selection of one user's sessions to end.
struct SessionSelection: Sendable {
    /// A position in the order of sessions from the oldest to the newest.
    struct Place: Sendable {
        let createdAt: Date
        let id: SessionID

        /// After every session.
        static let end = Place(
            createdAt: .distantFuture,
            id: UUID(uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
        )
    }

    /// Why they end; the audit trail's `detail`.
    enum Reason: String, Sendable {
        /// The user ended all others.
        case owner = "by_owner_all"
        /// An operator ended all.
        case `operator` = "by_operator"
        /// The user had more than ``SessionStore/liveLimit``, and these were the oldest.
        case limit = "over_limit"
        /// The password was changed.
        case password = "password_changed"
        /// An operator disabled the user.
        case disabled = "user_disabled"
    }

    let user: UserID
    /// The session to keep.
    var keeping: SessionID?
    /// The last session to end.
    var upTo = Place.end
    let reason: Reason
}

/// Ends many sessions of one user in batches, so that it completes despite the statement timeout.
struct SessionBatches: Sendable {
    /// The initial number of sessions per statement.
    static let size: Int64 = 2000

    let postgres: PostgresPool

    /// Ends live sessions; each batch is a transaction with its events.
    ///
    /// A batch that exceeds the timeout is repeated with a quarter of its size. Sessions that ended before an error
    /// stay ended.
    ///
    /// - Parameters:
    ///   - selection: the sessions.
    ///   - trace: the origin of the request.
    ///   - now: the current time.
    ///   - deadline: when to start no further batch; the remaining sessions stay.
    /// - Returns: the number of ended sessions.
    /// - Throws: ``PostgresError``.
    func end(
        _ selection: SessionSelection,
        from trace: RequestTrace,
        at now: Date,
        until deadline: Deadline = .never
    ) async throws -> Int {
        var ended = 0
        var size = Self.size
        while Deadline.now < deadline {
            let statement = EndSessions(selection: selection, trace: trace, now: now, limit: size)
            do {
                // Each batch may take as long as a whole request.
                let batch = try await DatabaseBudget.$current.withValue(DatabaseBudget()) {
                    try await postgres.transaction(retrying: true) { try $0.run(statement) }
                }
                ended += batch
                if batch < size { break }
            } catch let error as PostgresError where error.sqlState == "57014" && size > 1 {  // bounded: SQLSTATE
                size = max(1, size / 4)
            }
        }
        return ended
    }
}
