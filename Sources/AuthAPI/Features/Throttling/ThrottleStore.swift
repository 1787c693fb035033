import FoundationEssentials
import PostgresClient
import Shared

/// Access to rate limits in the database, with the generic cell rate algorithm: one time per key.
///
/// A time more than a minute beyond the limit's maximum was written by a wrong clock and is ignored: otherwise users could
/// not sign in until the correct clock reaches it.
struct ThrottleStore: Sendable {
    let postgres: PostgresPool

    /// Takes up to two attempts, all or none, and reads the account of an email address in the same round trip.
    ///
    /// A rejection is recorded in the audit trail, once per key and period, so that repeated rejections do not make it
    /// grow.
    ///
    /// - Returns: the time to wait in microseconds when no attempt is left; otherwise the account, if it exists.
    func take(
        _ attempts: [Attempt],
        findingAccountOf email: EmailAddress,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> (wait: Int64?, found: UserCredentials?) {
        let statement = TakeAndFind(attempts: attempts, email: email.value, trace: trace, now: now)
        return try await postgres.withConnection { try $0.one(statement) }
    }

    /// Takes an attempt; a rejection is recorded as above.
    ///
    /// - Returns: the time to wait in microseconds when no attempt is left.
    func take(
        _ attempt: Attempt,
        of user: UserID? = nil,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> Int64? {
        let statement = Take(attempt: attempt, user: user, trace: trace, now: now)
        return try await postgres.withConnection { try $0.one(statement) }
    }

    /// Takes an attempt of a signed-in user to confirm a change, and reads the data to check it against.
    ///
    /// - Returns: the time to wait in microseconds when no attempt is left; otherwise how the user can confirm, or nil
    ///   when the session has ended.
    func take(
        _ attempt: Attempt,
        confirming visitor: SignedIn,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> (wait: Int64?, own: OwnCredentials?) {
        let taking = Take(attempt: attempt, user: visitor.user.id, trace: trace, now: now)
        return try await postgres.withConnection { db in
            if let wait = try db.one(taking) { return (wait, nil) }
            return (nil, try db.first(FindOwnCredentials(visitor: visitor)))
        }
    }

    /// Returns attempts.
    func refund(_ attempts: [Attempt]) async throws {
        _ = try await postgres.withConnection { try $0.run(Refund(attempts: attempts)) }
    }

    /// Removes expired rows, at most `limit`, unless another replica is doing it.
    ///
    /// - Returns: the number of removed rows; nil when another replica holds the lock.
    func removeExpired(at now: Date, limit: Int64) async throws -> Int? {
        try await postgres.transaction { db in
            guard try db.one(TryLockSweep.throttles) else { return nil }
            return try db.run(RemoveExpiredThrottles(now: now, limit: limit))
        }
    }
}
