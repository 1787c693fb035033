import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// A17: Rate limits in the database.
@Suite struct ThrottleStoreTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let keys = ThrottleKeys(secretKey: Secret(TestAPI.secretKey))
    private let limit = Limit(attempts: 3, seconds: 30)

    private func with(
        preparedBy preparation: String? = nil,
        _ body: @Sendable (ThrottleStore, TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            if let preparation { try await database.sql(preparation) }
            let pool = PostgresPool(database.configuration.withoutLimits, logger: TestDatabase.silentLogger)
            let result: Result<Void, any Error>
            do { result = .success(try await body(ThrottleStore(postgres: pool), database)) } catch {
                result = .failure(error)
            }
            await pool.close()
            try result.get()
        }
    }

    private func attempt(_ name: String) -> Attempt { Attempt(key: keys.registration(name), limit: limit) }

    @Test("A17 All attempts can be used at once; each returns after its share of the period")
    func refill() async throws {
        try await with { store, _ async throws in
            let attempt = attempt("a")
            for _ in 0..<3 { #expect(try await store.take(attempt, from: .operator, at: now) == nil) }
            #expect(try await store.take(attempt, from: .operator, at: now) == 10_000_000)
            #expect(try await store.take(attempt, from: .operator, at: now + 9) == 1_000_000)
            #expect(try await store.take(attempt, from: .operator, at: now + 10) == nil)
            #expect(try await store.take(attempt, from: .operator, at: now + 10) == 10_000_000)
            for _ in 0..<3 { #expect(try await store.take(attempt, from: .operator, at: now + 1000) == nil) }
            #expect(try await store.take(attempt, from: .operator, at: now + 1000) == 10_000_000)
        }
    }

    @Test("A17 Of two attempts, none is taken unless both are available")
    func allOrNone() async throws {
        try await with { store, database async throws in
            let email = try EmailAddress("ada@example.com")
            let user = Attempt(key: keys.account(email), limit: limit)
            let network = Attempt(key: keys.network("203.0.113.7"), limit: Limit(attempts: 1, seconds: 60))
            let other = Attempt(key: keys.network("198.51.100.7"), limit: limit)
            #expect(
                try await store.take([user, network], findingAccountOf: email, from: .operator, at: now).wait == nil
            )
            for _ in 0..<5 {
                #expect(
                    try await store.take([user, network], findingAccountOf: email, from: .operator, at: now).wait
                        == 60_000_000
                )
            }
            // Two of the account's three are left.
            for _ in 0..<2 {
                #expect(
                    try await store.take([user, other], findingAccountOf: email, from: .operator, at: now).wait
                        == nil
                )
            }
            #expect(
                try await store.take([user, other], findingAccountOf: email, from: .operator, at: now).wait
                    == 10_000_000
            )
            #expect(try await database.sql("SELECT count(*) FROM throttles") == "3")
        }
    }

    @Test(
        "A17, D7: Taking an attempt commits asynchronously; the event of a rejection, and later commits, do not"
    )
    func commit() async throws {
        struct Commits: Statement {
            static let sql: StaticString = "SHOW synchronous_commit"
            static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
        }
        // The server's setting may differ: a cluster for tests never waits for the disk.
        let waits = """
            DO $$ BEGIN
                EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database());
            END $$
            """
        try await with(preparedBy: waits) { store, _ async throws in
            let (now, keys) = (self.now, self.keys)
            for (kind, expected) in [(0, "off"), (1, "off"), (0, "on"), (1, "on")] {
                let attempt = Attempt(
                    key: keys.registration("198.51.\(kind).1"),
                    limit: Limit(attempts: 1, seconds: 60)
                )
                let commits = try await store.postgres.transaction { db in
                    if kind == 0 {
                        _ = try db.one(Take(attempt: attempt, trace: .operator, now: now))
                    } else {
                        _ = try db.one(
                            TakeAndFind(attempts: [attempt], email: "ada@example.com", trace: .operator, now: now)
                        )
                    }
                    return try db.one(Commits())
                }
                #expect(commits == expected)
                #expect(try await store.postgres.withConnection { try $0.one(Commits()) } == "on")
            }
        }
    }

    @Test("A17 A returned attempt can be taken again")
    func refunding() async throws {
        try await with { store, _ async throws in
            let attempts = [attempt("a"), attempt("198.51.100.1")]
            let email = try EmailAddress("ada@example.com")
            for _ in 0..<20 {
                #expect(try await store.take(attempts, findingAccountOf: email, from: .operator, at: now).wait == nil)
                _ = try await store.postgres.withConnection { try $0.run(Refund(attempts: attempts)) }
            }
        }
    }

    @Test("A17 Concurrent attempts do not share one, and do not deadlock")
    func concurrency() async throws {
        try await with { store, _ async throws in
            let email = try EmailAddress("ada@example.com")
            let attempts = [
                Attempt(key: keys.account(email), limit: limit),
                Attempt(key: keys.network("203.0.113.7"), limit: Limit(attempts: 50, seconds: 60)),
            ]
            let admitted = try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for _ in 0..<40 {
                    tasks.addTask {
                        try await store.take(attempts, findingAccountOf: email, from: .operator, at: now).wait == nil
                    }
                }
                return try await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(admitted == 3)
        }
    }

    @Test("A17 Attempts from a clock that was an hour ahead are ignored once it is correct")
    func clockMovedBack() async throws {
        try await with { store, _ async throws in
            let email = try EmailAddress("ada@example.com")
            let user = [Attempt(key: keys.account(email), limit: limit)]
            let network = attempt("a")
            func signIn(_ time: Date) async throws -> Int64? {
                try await store.take(user, findingAccountOf: email, from: .operator, at: time).wait
            }
            func register(_ time: Date) async throws -> Int64? {
                try await store.take(network, from: .operator, at: time)
            }
            for time in [now + 3600, now] {
                for _ in 0..<3 {
                    #expect(try await signIn(time) == nil)
                    #expect(try await register(time) == nil)
                }
                #expect(try await signIn(time) == 10_000_000)
                #expect(try await register(time) == 10_000_000)
            }
            // The clocks of two replicas may differ by seconds.
            #expect(try await register(now - 20) == 30_000_000)
        }
    }

    // The slower one sees a free network limit, because the other has not committed yet, and waits for the row.
    @Test(
        "W9: Of two concurrent requests for the last attempt, one gets it, and the other takes nothing",
        arguments: [true, false]
    )
    func lastAttempt(isContendedFirst: Bool) async throws {
        try await with { store, database async throws in
            let (now, limit, single) = (self.now, self.limit, Limit(attempts: 1, seconds: 60))
            let ada = try EmailAddress("ada@example.com")
            // Rows are locked in the order account, network: the contended one is once the last and once the first.
            let contended =
                isContendedFirst
                ? Attempt(key: keys.account(ada), limit: single)
                : Attempt(key: keys.network("203.0.113.7"), limit: single)
            let own = try [1, 2].map { number in
                isContendedFirst
                    ? Attempt(key: keys.network("198.51.\(number).7"), limit: limit)
                    : Attempt(key: keys.account(try EmailAddress("user-\(number)@example.com")), limit: limit)
            }
            let pairs = own.map { isContendedFirst ? [contended, $0] : [$0, contended] }
            let gate = Gate()
            let winner = Task {
                try await database.pool.transaction { db in
                    let taken = try db.one(
                        TakeAndFind(attempts: pairs[0], email: ada.value, trace: .operator, now: now)
                    )
                    gate.wait()
                    return taken.wait
                }
            }
            await gate.entered()
            let loser = Task {
                try await store.take(pairs[1], findingAccountOf: ada, from: .operator, at: now).wait
            }
            let waiting = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            try await eventually("the statement waits for the lock") { try await database.sql(waiting) != "0" }
            gate.open()
            #expect(try await winner.value == nil)
            #expect(try await loser.value == 60_000_000)
            #expect(try await database.sql("SELECT count(*) FROM throttles") == "2")
            // All three of the loser's attempts are left.
            for _ in 0..<3 {
                #expect(try await store.take([own[1]], findingAccountOf: ada, from: .operator, at: now).wait == nil)
            }
            #expect(try await store.take([own[1]], findingAccountOf: ada, from: .operator, at: now).wait == 10_000_000)
            let noted = "SELECT string_agg(detail, ',') FROM audit_events WHERE event = 'throttled' AND subject = "
            let key = contended.key.bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
            #expect(
                try await database.sql(noted + "'\\x\(key)'") == (isContendedFirst ? "account" : "network")
            )
        }
    }

    @Test("W9: Three limits in any order, concurrently: exactly the taken attempts are admitted, without deadlocks")
    func threeLimits() async throws {
        try await TestDatabase.with { database in
            let takes = """
                SELECT count(*) FROM (SELECT FROM take_attempts(
                    ARRAY[decode(repeat('%', 33), 'hex'), decode(repeat('%', 33), 'hex'), decode(repeat('%', 33), 'hex')],
                    ARRAY[1000000, 1000000, 1000000], ARRAY[5000000, 20000000, 40000000], '2027-01-15T08:00:00Z'
                ) HAVING max(wait) <= 0) AS admitted
                """
            let orders = [["01", "02", "03"], ["03", "02", "01"], ["02", "03", "01"], ["01", "03", "02"]]
            let admitted = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<24 {
                    tasks.addTask {
                        let parts = takes.components(separatedBy: "%")
                        let order = orders[number % orders.count]
                        let text = parts[0] + zip(order, parts.dropFirst()).map { $0 + $1 }.joined()
                        return Int(try await database.sql(text) ?? "") ?? 0
                    }
                }
                return try await tasks.reduce(0, +)
            }
            // The limits depend on the positions in the list, so the first has five attempts for six of each order.
            let busy = """
                SELECT string_agg(extract(epoch FROM busy_until - '2027-01-15T08:00:00Z')::int::text, ',' ORDER BY key)
                FROM throttles
                """
            let taken = Array(repeating: String(admitted), count: 3).joined(separator: ",")
            #expect(try await database.sql(busy) == taken)
            #expect(admitted >= 5)
        }
    }

    @Test("A17 The account is read in the same round trip, and only for admitted requests")
    func finding() async throws {
        try await with { store, database async throws in
            try await database.sql(
                "INSERT INTO users (email, name, password_hash) VALUES ('ada@example.com', 'Ada', 'h')"
            )
            let email = try EmailAddress("ada@example.com")
            let attempts = [Attempt(key: keys.account(email), limit: Limit(attempts: 1, seconds: 60))]
            let first = try await store.take(attempts, findingAccountOf: email, from: .operator, at: now)
            #expect(first.found?.passwordHash == "h" && first.found?.user.name == "Ada")
            let second = try await store.take(attempts, findingAccountOf: email, from: .operator, at: now)
            #expect(second.wait == 60_000_000 && second.found == nil)
        }
    }

    @Test("A17 Only expired rows are removed; the table contains no address")
    func sweeping() async throws {
        try await with { store, database async throws in
            for name in ["203.0.113.1", "198.51.100.1"] {
                _ = try await store.take(attempt(name), from: .operator, at: now)
            }
            _ = try await store.take(attempt("192.0.2.1"), from: .operator, at: now + 8)
            #expect(try await store.removeExpired(at: now + 10, limit: 1) == 1)
            #expect(try await store.removeExpired(at: now + 10, limit: 100) == 1)
            #expect(try await store.removeExpired(at: now + 10, limit: 100) == 0)
            #expect(try await database.sql("SELECT count(*) FROM throttles") == "1")
            #expect(try await database.sql("SELECT position('192.0.2' IN encode(key, 'escape')) FROM throttles") == "0")
        }
    }
}
