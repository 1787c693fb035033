import FoundationEssentials
import PostgresClient
import Synchronization

/// Counts of whole tables, read at most once a minute, so that frequent scrapes are cheap.
final class MetricsStore: Sendable {
    /// The counts.
    struct Counts: Sendable {
        let sessions: Int64
        let outdatedHashes: Int64
        let backup: Date?
        let drill: Date?
    }

    /// The maximum age of a count in seconds.
    static let maximumAge: TimeInterval = 60

    private let postgres: PostgresPool
    private let parameters: Argon2Parameters
    private let now: @Sendable () -> Date
    private let latest = Mutex<(counts: Counts, at: Date)?>(nil)

    /// Creates the store.
    ///
    /// - Parameters:
    ///   - postgres: the database.
    ///   - parameters: the cost of new hashes.
    ///   - now: the clock.
    init(postgres: PostgresPool, parameters: Argon2Parameters, now: @escaping @Sendable () -> Date) {
        self.postgres = postgres
        self.parameters = parameters
        self.now = now
    }

    /// The counts; nil while the database is unavailable.
    func counts() async -> Counts? {
        let now = now()
        // After the clock is set back, the age is negative until the clock reaches the old time.
        if let latest = latest.withLock({ $0 }), (0..<Self.maximumAge).contains(now.timeIntervalSince(latest.at)) {
            return latest.counts
        }
        let parameters = parameters
        guard
            let counts = try? await postgres.reading({
                try $0.one(CountForMetrics(now: now, cost: parameters))
            })
        else { return nil }
        latest.withLock { $0 = (counts, now) }
        return counts
    }
}

/// Parses each cost once, not each hash: with a regular expression for every row, 30,000 imported hashes would exceed
/// the time limit of a statement.
private struct CountForMetrics: ReadStatement {
    static let sql: StaticString = #"""
        SELECT (SELECT count(*) FROM sessions WHERE expires_at > $1),
               (SELECT coalesce(sum(number), 0)::bigint
                FROM (SELECT CASE WHEN starts_with(password_hash, '$argon2id$v=19$')
                                 THEN split_part(password_hash, '$', 4) END AS cost, count(*) AS number
                      FROM users WHERE password_hash IS NOT NULL GROUP BY cost) AS hashes
                WHERE (SELECT coalesce(costs[1]::bigint < $2 OR costs[2]::bigint < $3 OR costs[3]::bigint < $4, true)
                       FROM regexp_match(cost, '^m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})$') AS costs)),
               (SELECT succeeded_at FROM backup_status WHERE kind = 'backup'),
               (SELECT succeeded_at FROM backup_status WHERE kind = 'drill')
        """#
    let now: Date
    let cost: Argon2Parameters
    var parameters: [PostgresValue] {
        [
            .timestamp(now), .int8(Int64(cost.memoryKiB)), .int8(Int64(cost.iterations)),
            .int8(Int64(cost.parallelism)),
        ]
    }

    static func decode(_ row: PostgresRow) throws -> MetricsStore.Counts {
        MetricsStore.Counts(
            sessions: try row.int8(0),
            outdatedHashes: try row.int8(1),
            backup: try row.optionalTimestamp(2),
            drill: try row.optionalTimestamp(3)
        )
    }
}
