import FoundationEssentials
import Shared

/// Attempts in the database, by the generic cell rate algorithm: one time for each key says it all.
struct ThrottleStore: Sendable {
    let postgres: PostgresPool

    /// Takes up to two attempts, all or none, and in the same round trip reads the account of an address.
    ///
    /// - Returns: how long to wait, in microseconds, when an attempt is not there; else what was found, if anything.
    func take(
        _ attempts: [Attempt],
        findingAccountOf email: EmailAddress,
        at now: Date
    ) async throws -> (wait: Int64?, found: AccountCredentials?) {
        try await postgres.withConnection { try $0.one(TakeAndFind(attempts: attempts, email: email.value, now: now)) }
    }

    /// Takes an attempt.
    ///
    /// - Returns: how long to wait, in microseconds, when it is not there.
    func take(_ attempt: Attempt, at now: Date) async throws -> Int64? {
        try await postgres.withConnection { try $0.one(Take(attempt: attempt, now: now)) }
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

/// Gives attempts back, in the transaction of whatever made them right.
struct GiveBack: Statement {
    static let sql: StaticString = """
        WITH given (key, cost) AS (VALUES ($1::bytea, $2::bigint), ($3, $4)),
        locked AS (SELECT key FROM throttles WHERE key IN ($1, $3) ORDER BY key FOR UPDATE)
        UPDATE throttles SET busy_until = busy_until - given.cost * interval '1 microsecond'
        FROM given, locked WHERE throttles.key = given.key AND locked.key = given.key
        """
    let attempts: [Attempt]
    var parameters: [PostgresValue] { attempts.padded { [.bytes($0.key.bytes), .int8($0.limit.cost)] } }
}

/// In one statement: how long to wait at worst; when that is not at all, the attempts are taken and the account is read.
///
/// Of requests at the same moment the row lock lets each see what the one before has taken. Rows are locked in the order
/// of their keys.
private struct TakeAndFind: Statement {
    static let sql: StaticString = """
        WITH wanted (key, cost, capacity) AS (
            VALUES ($1::bytea, $2::bigint, $3::bigint), ($4, $5, $6)
        ), state AS (
            SELECT key, cost, capacity, greatest(busy_until, $7) AS busy_until
            FROM wanted LEFT JOIN throttles USING (key) WHERE key IS NOT NULL ORDER BY key
        ), verdict AS (
            SELECT max((extract(epoch FROM busy_until - $7) * 1000000)::bigint + cost - capacity) AS wait, count(*) AS wanted
            FROM state
        ), taken AS (
            INSERT INTO throttles AS row (key, busy_until)
            SELECT key, $7 + state.cost * interval '1 microsecond' FROM state, verdict WHERE wait <= 0 ORDER BY key
            ON CONFLICT (key) DO UPDATE
            SET busy_until = greatest(row.busy_until, $7) + (excluded.busy_until - $7)
            WHERE greatest(row.busy_until, $7) + (excluded.busy_until - $7) - $7
                <= (SELECT capacity FROM wanted WHERE wanted.key = row.key) * interval '1 microsecond'
            RETURNING key
        ), admitted AS (
            SELECT CASE WHEN wait > 0 THEN wait
                        WHEN (SELECT count(*) FROM taken) < verdict.wanted THEN (SELECT max(cost) FROM wanted)
                   END AS wait
            FROM verdict
        )
        SELECT admitted.wait, users.id, users.email, users.name, users.avatar_url, users.password_hash
        FROM admitted LEFT JOIN users ON admitted.wait IS NULL AND lower(users.email) = $8
        """
    let attempts: [Attempt]
    let email: String
    let now: Date
    var parameters: [PostgresValue] {
        attempts.padded { [.bytes($0.key.bytes), .int8($0.limit.cost), .int8($0.limit.capacity)] }
            + [.timestamp(now), .text(email)]
    }

    static func decode(_ row: PostgresRow) throws -> (wait: Int64?, found: AccountCredentials?) {
        if let wait = try row.optionalInt8(0) { return (wait, nil) }
        guard try row.optionalUUID(1) != nil else { return (nil, nil) }
        return (nil, AccountCredentials(account: try Account(row, from: 1), passwordHash: try row.optionalText(5)))
    }
}

private struct Take: Statement {
    static let sql: StaticString = """
        WITH taken AS (
            INSERT INTO throttles AS row (key, busy_until) VALUES ($1, $4 + $2 * interval '1 microsecond')
            ON CONFLICT (key) DO UPDATE
            SET busy_until = greatest(row.busy_until, $4) + $2 * interval '1 microsecond'
            WHERE greatest(row.busy_until, $4) + $2 * interval '1 microsecond' - $4 <= $3 * interval '1 microsecond'
            RETURNING key
        )
        SELECT CASE WHEN NOT EXISTS (SELECT FROM taken) THEN greatest(1, coalesce((
            SELECT (extract(epoch FROM busy_until - $4) * 1000000)::bigint + $2 - $3 FROM throttles WHERE key = $1), $2)) END
        """
    let attempt: Attempt
    let now: Date
    var parameters: [PostgresValue] {
        [.bytes(attempt.key.bytes), .int8(attempt.limit.cost), .int8(attempt.limit.capacity), .timestamp(now)]
    }

    static func decode(_ row: PostgresRow) throws -> Int64? { try row.optionalInt8(0) }
}

/// Takes the lock under which rows are removed; it is given back when the transaction ends.
struct TryThrottleSweepLock: Statement {
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(hashtextextended('yoshikosan.throttles.sweep', 0))"
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

private struct RemoveExpiredThrottles: Statement {
    static let sql: StaticString = """
        DELETE FROM throttles WHERE key IN (
            SELECT key FROM throttles WHERE busy_until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        """
    let now: Date
    let limit: Int64
    var parameters: [PostgresValue] { [.timestamp(now), .int8(limit)] }
}

extension [Attempt] {
    /// The parameters of two attempts, NULLs standing for a second that is not there.
    fileprivate func padded(_ values: (Attempt) -> [PostgresValue]) -> [PostgresValue] {
        guard let first else { return [] }
        let second = dropFirst().first.map(values) ?? values(first).map { .null($0.type) }
        return values(first) + second
    }
}
