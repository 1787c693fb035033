import FoundationEssentials
import PostgresClient
import Shared

/// Attempts in the database, by the generic cell rate algorithm: one time for each key says it all.
///
/// A time that no attempts add up to, more than a minute beyond all that the limit allows, was written while a clock was
/// wrong and counts for nothing: else everybody would be kept out until the right clock has caught up.
struct ThrottleStore: Sendable {
    let postgres: PostgresPool

    /// Takes up to two attempts, all or none, and in the same round trip reads the account of an address.
    ///
    /// A refusal is an event of the audit trail, once for each key and period of its limit: however often somebody is
    /// refused, the trail does not grow.
    ///
    /// - Returns: how long to wait, in microseconds, when an attempt is not there; else what was found, if anything.
    func take(
        _ attempts: [Attempt],
        findingAccountOf email: EmailAddress,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> (wait: Int64?, found: UserCredentials?) {
        let statement = TakeAndFind(attempts: attempts, email: email.value, trace: trace, now: now)
        return try await postgres.withConnection { try $0.one(statement) }
    }

    /// Takes an attempt; a refusal is an event, as above.
    ///
    /// - Returns: how long to wait, in microseconds, when it is not there.
    func take(
        _ attempt: Attempt,
        of user: UserID? = nil,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> Int64? {
        let statement = Take(attempt: attempt, user: user, trace: trace, now: now)
        return try await postgres.withConnection { try $0.one(statement) }
    }

    /// Takes an attempt of a signed-in user to confirm something, and reads what that is checked against.
    ///
    /// - Returns: how long to wait, in microseconds, when the attempt is not there; else what the user can confirm with,
    ///   or nil when the session has ended.
    func take(
        _ attempt: Attempt,
        confirming user: SignedIn,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> (wait: Int64?, own: OwnCredentials?) {
        let taking = Take(attempt: attempt, user: user.user.id, trace: trace, now: now)
        return try await postgres.withConnection { db in
            if let wait = try db.one(taking) { return (wait, nil) }
            return (nil, try db.first(FindOwnCredentials(user: user)))
        }
    }

    /// Gives attempts back.
    func giveBack(_ attempts: [Attempt]) async throws {
        _ = try await postgres.withConnection { try $0.run(GiveBack(attempts: attempts)) }
    }

    /// Removes what means nothing any more, at most `limit` rows, unless another replica is doing it.
    ///
    /// - Returns: how many were removed; nil when another replica holds the lock.
    func removeExpired(at now: Date, limit: Int64) async throws -> Int? {
        try await postgres.transaction { db in
            guard try db.one(TryThrottleSweepLock()) else { return nil }
            return try db.run(RemoveExpiredThrottles(now: now, limit: limit))
        }
    }
}
