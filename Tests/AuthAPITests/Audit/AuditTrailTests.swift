import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// The properties of the audit trail: append-only, kept for the configured time, small, and without private data.
@Suite struct AuditTrailTests {
    /// Adds events of that many days ago, which only the owner of the table can do.
    private static func add(_ count: Int, daysAgo days: Int, to database: TestDatabase) async throws {
        try await database.sql(
            """
            INSERT INTO audit_events (event, occurred_at)
            SELECT 'registered', now() - interval '\(days) days' FROM generate_series(1, \(count))
            """
        )
    }

    @Test("The table accepts exactly the program's events")
    func kinds() async throws {
        try await TestDatabase.with { database in
            let check = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'audit_events_event_known'"
            let definition = try #require(try await database.sql(check))
            let known = definition.matches(of: /'(\w+)'::text/).map { String($0.1) }
            #expect(known.sorted() == AuditEventKind.allCases.map(\.rawValue).sorted())
        }
    }

    @Test(
        "No role, not even the owner, can change events or remove those of the last week",
        arguments: [
            "UPDATE audit_events SET address = NULL", "DELETE FROM audit_events", "TRUNCATE audit_events",
            "SELECT remove_audit_events(0, 1000)", "SELECT remove_audit_events(-100, 1000)",
            "INSERT INTO audit_events (event) VALUES ('forged')",
            "INSERT INTO audit_events (id, event) VALUES (1, 'registered')",
        ]
    )
    func kept(sql: String) async throws {
        try await TestDatabase.with { database in
            try await Self.add(3, daysAgo: 6, to: database)
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            for configuration in [database.configuration, serving] {
                await #expect(throws: PostgresError.self) { try await TestSQL.run(sql, on: configuration) }
            }
            #expect(try await database.events().count == 3)
        }
    }

    @Test("The serving role removes only old events, in batches, with the function")
    func retention() async throws {
        try await TestDatabase.with { database in
            try await Self.add(2500, daysAgo: 91, to: database)
            try await Self.add(3, daysAgo: 89, to: database)
            try await TestAPI.with(database: database) { api in
                let sweeper = try #require(api.app.auditSweeper)
                // A wrong clock of this server removes nothing.
                api.clock.advance(by: 365 * 86_400)
                #expect(try await sweeper.sweep() == 2500)
                #expect(try await sweeper.sweep() == 0)
                #expect(try await database.events().count == 3)
            }
            try await TestAPI.with(["AUDIT_RETENTION": "30"], database: database) { api async throws in
                #expect(try await api.app.auditSweeper?.sweep() == 3)
            }
            try await TestAPI.with(["AUDIT_RETENTION": "0"], database: database) { #expect($0.app.auditSweeper == nil) }
        }
    }

    @Test("Only one replica removes old events at a time")
    func oneSweeper() async throws {
        try await TestAPI.with { api in
            try await Self.add(1, daysAgo: 100, to: api.database)
            let sweeper = try #require(api.app.auditSweeper)
            let gate = Gate()
            let holder = Task {
                try await api.database.pool.transaction { db in
                    _ = try db.one(TryLockSweep.events)
                    gate.wait()
                }
            }
            await gate.entered()
            #expect(try await sweeper.sweep() == 0)
            gate.open()
            try await holder.value
            #expect(try await sweeper.sweep() == 1)
        }
    }

    @Test("A17 Ten thousand rejections leave one event per limit and period, and no more rows")
    func flood() async throws {
        try await TestDatabase.with { database in
            let pool = PostgresPool(
                try PostgresConfiguration(url: try #require(database.servingURL)).withoutLimits,
                logger: TestDatabase.silentLogger
            )
            let store = ThrottleStore(postgres: pool)
            let keys = ThrottleKeys(secretKey: Secret(TestAPI.secretKey))
            let email = try EmailAddress("ada@example.com")
            let limit = Limit(attempts: 1, seconds: 3600)
            let attempts = [
                Attempt(key: keys.account(email), limit: limit),
                Attempt(key: keys.network(Visitor.address), limit: limit),
            ]
            let registration = Attempt(key: keys.registration(Visitor.address), limit: limit)
            let now = Date(timeIntervalSince1970: 1_800_000_000)
            let rejected = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 1...20 {
                    tasks.addTask {
                        var rejected = 0
                        for _ in 1...250 {
                            let taken = try await store.take(
                                attempts,
                                findingAccountOf: email,
                                from: .operator,
                                at: now
                            )
                            if taken.wait != nil { rejected += 1 }
                            if try await store.take(registration, from: .operator, at: now) != nil { rejected += 1 }
                        }
                        return rejected
                    }
                }
                return try await tasks.reduce(0, +)
            }
            await pool.close()
            #expect(rejected == 9998)
            let events = try await database.events().map(\.summary).sorted()
            #expect(events == ["throttled account", "throttled network", "throttled registration"])
        }
    }

    @Test("The trail contains no address without an account, no password, token or cookie")
    func discretion() async throws {
        try await OAuthSite.with { site in
            let ada = try await site.api.registered()
            var secrets = ["Correct-Horse-7", "Wrong-Horse-7", "ada@example.com", "nobody@example.com", "Ada Lovelace"]
            secrets += ada.cookies.map(\.value)
            for body in [
                ["email": "ada@example.com", "password": "Correct-Horse-7"],
                ["email": "ada@example.com", "password": "Wrong-Horse-7"],
                ["email": "nobody@example.com", "password": "Correct-Horse-7"],
            ] { _ = try await ada.post(APIPath.login, body) }
            secrets += ada.cookies.map(\.value)
            let eve = site.browser()
            try await site.signIn(.google, in: eve) { $0.email = "eve@example.com" }
            secrets += eve.cookies.map(\.value) + ["eve@example.com"]
            _ = try await eve.delete(APIPath.sessions)
            _ = try await ada.send("POST", APIPath.logout)
            let trail = try #require(
                try await site.sql("SELECT string_agg(audit_events::text, chr(10)) FROM audit_events")
            )
            #expect(trail.split(separator: "\n").count >= 8)
            for secret in secrets { #expect(!trail.contains(secret)) }
            // Nor in another encoding.
            let hashes = try #require(
                try await site.sql("SELECT string_agg(encode(token_hash, 'hex'), ' ') FROM sessions")
            )
            for hash in hashes.split(separator: " ") { #expect(!trail.contains(hash)) }
        }
    }
}
