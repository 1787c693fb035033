import FoundationEssentials
import PostgresClient

/// Returns attempts whose password was not checked; opening a session returns those of correct passwords.
struct Refund: Statement {
    static let sql: StaticString = """
        WITH given (key, cost) AS (VALUES ($1::bytea, $2::bigint), ($3, $4)),
        locked AS (SELECT key FROM throttles WHERE key IN ($1, $3) ORDER BY key FOR UPDATE)
        UPDATE throttles SET busy_until = busy_until - given.cost * interval '1 microsecond'
        FROM given, locked WHERE throttles.key = given.key AND locked.key = given.key
        """
    let attempts: [Attempt]
    var parameters: [PostgresValue] { attempts.costs }
}

/// Selects the longest time to wait.
///
/// If it is zero, takes the attempts and reads the account; otherwise records an audit event for each exceeded limit.
/// One statement.
///
/// `take_attempts` takes all or none, even with concurrent requests. Rows are locked, and events written, in the order
/// of their keys. Commits of attempts are asynchronous, so that neither they nor requests that wait for the lock wait
/// for the disk: if the server crashes within half a second, one more guess is possible. Commits of events are
/// synchronous.
struct TakeAndFind: Statement {
    static let sql: StaticString = """
        WITH limits (key, capacity, kind) AS (VALUES ($1::bytea, $3::bigint, $4::text), ($5, $7, $8)),
        answer AS MATERIALIZED (
            SELECT key, wait FROM take_attempts(ARRAY[$1, $5], ARRAY[$2::bigint, $6], ARRAY[$3, $7], $9)
        ),
        verdict AS (SELECT CASE WHEN max(wait) > 0 THEN max(wait) END AS wait FROM answer),
        noted AS (
            INSERT INTO audit_events
                (event, user_id, subject, period, detail, device_id, address, user_agent, request_id)
            SELECT 'throttled', (SELECT id FROM users WHERE lower(email) = $10), key,
                (extract(epoch FROM $9) * 1000000)::bigint / capacity, kind, $11, $12, $13, $14
            FROM answer JOIN limits USING (key) WHERE answer.wait > 0 ORDER BY key
            ON CONFLICT (subject, period) WHERE subject IS NOT NULL DO NOTHING
        )
        SELECT verdict.wait, users.id, users.email, users.name, users.avatar_url, users.password_hash,
            users.disabled_at IS NOT NULL, users.devices_known_since,
            CASE WHEN verdict.wait IS NULL THEN set_config('synchronous_commit', 'off', true) END
        FROM verdict LEFT JOIN users ON verdict.wait IS NULL AND lower(users.email) = $10
        """
    let attempts: [Attempt]
    let email: String
    let trace: RequestTrace
    let now: Date
    var parameters: [PostgresValue] {
        attempts.padded {
            [
                .bytes($0.key.bytes), .int8($0.limit.cost), .int8($0.limit.capacity), .text($0.key.kind.description),
            ]
        } + [.timestamp(now), .text(email)] + trace.parameters
    }

    static func decode(_ row: PostgresRow) throws -> (wait: Int64?, found: UserCredentials?) {
        if let wait = try row.optionalInt8(0) { return (wait, nil) }
        guard try row.optionalUUID(1) != nil else { return (nil, nil) }
        let found = UserCredentials(
            user: try User(row, from: 1),
            passwordHash: try row.optionalText(5),
            isDisabled: try row.bool(6),
            devicesKnownSince: try row.optionalTimestamp(7)
        )
        return (nil, found)
    }
}

/// Takes one attempt, or selects the time to wait and records an audit event; commits like ``TakeAndFind``.
struct Take: Statement {
    static let sql: StaticString = """
        WITH answer AS MATERIALIZED (
            SELECT wait FROM take_attempts(ARRAY[$1::bytea], ARRAY[$2::bigint], ARRAY[$3::bigint], $4)
        ),
        noted AS (
            INSERT INTO audit_events
                (event, subject, period, detail, device_id, address, user_agent, request_id, user_id)
            SELECT 'throttled', $1, (extract(epoch FROM $4) * 1000000)::bigint / $3, $5, $6, $7, $8, $9, $10
            FROM answer WHERE wait > 0
            ON CONFLICT (subject, period) WHERE subject IS NOT NULL DO NOTHING
        )
        SELECT CASE WHEN wait > 0 THEN wait END,
            CASE WHEN wait <= 0 THEN set_config('synchronous_commit', 'off', true) END
        FROM answer
        """
    let attempt: Attempt
    /// The signed-in user, if any.
    var user: UserID?
    let trace: RequestTrace
    let now: Date
    var parameters: [PostgresValue] {
        [
            .bytes(attempt.key.bytes), .int8(attempt.limit.cost), .int8(attempt.limit.capacity), .timestamp(now),
            .text(attempt.key.kind.description),
        ] + trace.parameters + [.uuid(orNull: user)]
    }

    static func decode(_ row: PostgresRow) throws -> Int64? { try row.optionalInt8(0) }
}

/// Removes expired rows.
struct RemoveExpiredThrottles: Statement {
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
    /// Four parameters, key and cost of up to two attempts.
    var costs: [PostgresValue] {
        let values = padded { [.bytes($0.key.bytes), .int8($0.limit.cost)] }
        return values.isEmpty ? [.nullBytes, .null(.int8), .nullBytes, .null(.int8)] : values
    }

    /// The parameters of two attempts, with NULLs for a missing second one.
    fileprivate func padded(_ values: (Attempt) -> [PostgresValue]) -> [PostgresValue] {
        guard let first else { return [] }
        let second = dropFirst().first.map(values) ?? values(first).map { .null($0.type) }
        return values(first) + second
    }
}
