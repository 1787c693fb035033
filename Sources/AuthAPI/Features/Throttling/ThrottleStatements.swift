import FoundationEssentials

/// Gives attempts back whose password was not checked; those that were right go back with their session.
struct GiveBack: Statement {
    static let sql: StaticString = """
        WITH given (key, cost) AS (VALUES ($1::bytea, $2::bigint), ($3, $4)),
        locked AS (SELECT key FROM throttles WHERE key IN ($1, $3) ORDER BY key FOR UPDATE)
        UPDATE throttles SET busy_until = busy_until - given.cost * interval '1 microsecond'
        FROM given, locked WHERE throttles.key = given.key AND locked.key = given.key
        """
    let attempts: [Attempt]
    var parameters: [PostgresValue] { attempts.costs }
}

/// In one statement: how long to wait at worst; when that is not at all, the attempts are taken and the account is read;
/// else the audit trail notes each limit that was met.
///
/// Of requests at the same moment the row lock lets each see what the one before has taken. Rows are locked, and events
/// written, in the order of their keys. The commit of what was taken does not wait for the disk, nor do those who wait for
/// the lock: should the server crash in the half second until it is there, somebody has one guess more. That of an event
/// does wait.
struct TakeAndFind: Statement {
    static let sql: StaticString = """
        WITH wanted (key, cost, capacity, kind) AS (
            VALUES ($1::bytea, $2::bigint, $3::bigint, $4::text), ($5, $6, $7, $8)
        ), state AS (
            SELECT key, cost, capacity, kind, CASE
                WHEN busy_until <= $9 + (capacity + 60000000) * interval '1 microsecond' THEN greatest(busy_until, $9)
                ELSE $9 END AS busy_until
            FROM wanted LEFT JOIN throttles USING (key) WHERE key IS NOT NULL ORDER BY key
        ), verdict AS (
            SELECT max((extract(epoch FROM busy_until - $9) * 1000000)::bigint + cost - capacity) AS wait, count(*) AS wanted
            FROM state
        ), taken AS (
            INSERT INTO throttles AS row (key, busy_until)
            SELECT key, $9 + state.cost * interval '1 microsecond' FROM state, verdict WHERE wait <= 0 ORDER BY key
            ON CONFLICT (key) DO UPDATE
            SET busy_until = CASE
                WHEN row.busy_until <= $9 + interval '1 minute'
                    + (SELECT capacity FROM wanted WHERE wanted.key = row.key) * interval '1 microsecond'
                THEN greatest(row.busy_until, $9) + (excluded.busy_until - $9)
                ELSE excluded.busy_until END
            WHERE greatest(row.busy_until, $9) + (excluded.busy_until - $9) - $9
                <= (SELECT capacity FROM wanted WHERE wanted.key = row.key) * interval '1 microsecond'
                OR row.busy_until > $9 + interval '1 minute'
                    + (SELECT capacity FROM wanted WHERE wanted.key = row.key) * interval '1 microsecond'
            RETURNING key
        ), admitted AS (
            SELECT verdict.wait <= 0 AS was_raced,
                CASE WHEN wait > 0 THEN wait
                     WHEN (SELECT count(*) FROM taken) < verdict.wanted THEN (SELECT max(cost) FROM wanted)
                END AS wait
            FROM verdict
        ), noted AS (
            INSERT INTO audit_events
                (event, user_id, subject, period, detail, device_id, address, user_agent, request_id)
            SELECT 'throttled', (SELECT id FROM users WHERE lower(email) = $10), key,
                (extract(epoch FROM $9) * 1000000)::bigint / capacity, kind, $11, $12, $13, $14
            FROM state, admitted
            WHERE admitted.wait IS NOT NULL AND key NOT IN (SELECT taken.key FROM taken)
                AND (was_raced OR (extract(epoch FROM busy_until - $9) * 1000000)::bigint + cost > capacity)
            ORDER BY key
            ON CONFLICT (subject, period) WHERE subject IS NOT NULL DO NOTHING
        )
        SELECT admitted.wait, users.id, users.email, users.name, users.avatar_url, users.password_hash,
            CASE WHEN admitted.wait IS NULL THEN set_config('synchronous_commit', 'off', true) END
        FROM admitted LEFT JOIN users ON admitted.wait IS NULL AND lower(users.email) = $10
        """
    let attempts: [Attempt]
    let email: String
    let origin: Origin
    let now: Date
    var parameters: [PostgresValue] {
        attempts.padded {
            [
                .bytes($0.key.bytes), .int8($0.limit.cost), .int8($0.limit.capacity), .text($0.key.kind.description),
            ]
        } + [.timestamp(now), .text(email)] + origin.parameters
    }

    static func decode(_ row: PostgresRow) throws -> (wait: Int64?, found: AccountCredentials?) {
        if let wait = try row.optionalInt8(0) { return (wait, nil) }
        guard try row.optionalUUID(1) != nil else { return (nil, nil) }
        return (nil, AccountCredentials(account: try Account(row, from: 1), passwordHash: try row.optionalText(5)))
    }
}

/// Takes one attempt, or says how long to wait for it and has the audit trail note that; commits as ``TakeAndFind`` does.
struct Take: Statement {
    static let sql: StaticString = """
        WITH taken AS (
            INSERT INTO throttles AS row (key, busy_until) VALUES ($1, $4 + $2 * interval '1 microsecond')
            ON CONFLICT (key) DO UPDATE
            SET busy_until = CASE
                WHEN row.busy_until <= $4 + ($3 + 60000000) * interval '1 microsecond'
                THEN greatest(row.busy_until, $4) + $2 * interval '1 microsecond'
                ELSE excluded.busy_until END
            WHERE greatest(row.busy_until, $4) + $2 * interval '1 microsecond' - $4 <= $3 * interval '1 microsecond'
                OR row.busy_until > $4 + ($3 + 60000000) * interval '1 microsecond'
            RETURNING key
        ), noted AS (
            INSERT INTO audit_events (event, subject, period, detail, device_id, address, user_agent, request_id)
            SELECT 'throttled', $1, (extract(epoch FROM $4) * 1000000)::bigint / $3, $5, $6, $7, $8, $9
            WHERE NOT EXISTS (SELECT FROM taken)
            ON CONFLICT (subject, period) WHERE subject IS NOT NULL DO NOTHING
        )
        SELECT CASE WHEN NOT EXISTS (SELECT FROM taken) THEN greatest(1, coalesce((
            SELECT (extract(epoch FROM busy_until - $4) * 1000000)::bigint + $2 - $3 FROM throttles WHERE key = $1), $2)) END,
            CASE WHEN EXISTS (SELECT FROM taken) THEN set_config('synchronous_commit', 'off', true) END
        """
    let attempt: Attempt
    let origin: Origin
    let now: Date
    var parameters: [PostgresValue] {
        [
            .bytes(attempt.key.bytes), .int8(attempt.limit.cost), .int8(attempt.limit.capacity), .timestamp(now),
            .text(attempt.key.kind.description),
        ] + origin.parameters
    }

    static func decode(_ row: PostgresRow) throws -> Int64? { try row.optionalInt8(0) }
}

/// Takes the lock under which rows are removed; it is given back when the transaction ends.
struct TryThrottleSweepLock: Statement {
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(hashtextextended('yoshikosan.throttles.sweep', 0))"
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

/// Removes rows that mean nothing any more.
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

    /// The parameters of two attempts, NULLs standing for a second that is not there.
    fileprivate func padded(_ values: (Attempt) -> [PostgresValue]) -> [PostgresValue] {
        guard let first else { return [] }
        let second = dropFirst().first.map(values) ?? values(first).map { .null($0.type) }
        return values(first) + second
    }
}
