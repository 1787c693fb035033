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
    func take(_ attempt: Attempt, from trace: RequestTrace, at now: Date) async throws -> Int64? {
        try await postgres.withConnection { try $0.one(Take(attempt: attempt, trace: trace, now: now)) }
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
