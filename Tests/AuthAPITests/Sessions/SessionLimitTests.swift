import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W5: The number of sessions per user is bounded, and any number can be ended.
@Suite struct SessionLimitTests {
    private let credentials = ["email": "ada@example.com", "password": "Correct-Horse-7"]

    private func live(in database: TestDatabase) async throws -> Int {
        Int(try await database.sql("SELECT count(*) FROM sessions WHERE expires_at > now()") ?? "") ?? -1
    }

    private func events(_ detail: String, in database: TestDatabase) async throws -> Int {
        let count = "SELECT count(*) FROM audit_events WHERE event = 'session_ended' AND detail = '\(detail)'"
        return Int(try await database.sql(count) ?? "") ?? -1
    }

    private func signIn(_ api: TestAPI) async throws -> TestClient {
        let client = api.client()
        try #require(try await client.post(APIPath.login, credentials).status == 200)
        return client
    }

    @Test(
        "W5: Opening a session beyond the limit ends the oldest, and records each",
        arguments: [99, 100, 250]
    )
    func limit(existing: Int) async throws {
        try await TestAPI.with { api in
            let first = try await api.registered()
            try await api.database.insertSessions(existing)
            let client = try await signIn(api)
            let surplus = existing + 2 - 100
            #expect(try await live(in: api.database) == 100)
            #expect(try await events("over_limit", in: api.database) == surplus)
            #expect(try await client.get(APIPath.me).status == 200)
            // Of all, the registration's was opened last but one.
            #expect(try await first.get(APIPath.me).status == 200)
            let kept = "SELECT count(*) FROM sessions WHERE created_at < now() - interval"
            #expect(try await api.database.sql("\(kept) '\(existing - surplus + 60) seconds'") == "0")
            _ = try await signIn(api)
            #expect(try await live(in: api.database) == 100)
        }
    }

    @Test("W5: Below the limit nothing ends, and expired sessions do not count")
    func below() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            try await api.database.insertSessions(97)
            try await api.database.sql(
                """
                INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
                SELECT users.id, sha256(('gone' || n)::bytea), now() - interval '9 days', now() - interval '2 days'
                FROM users, generate_series(1, 50) n
                """
            )
            _ = try await signIn(api)
            #expect(try await live(in: api.database) == 99)
            #expect(try await events("over_limit", in: api.database) == 0)
        }
    }

    @Test("W5: Concurrent sign-ins do not exceed the limit")
    func concurrent() async throws {
        try await TestAPI.with(["DATABASE_POOL_SIZE": "6", "HASHING_THREADS": "4", "HASHING_QUEUE": "64"]) { api in
            _ = try await api.registered()
            try await api.database.insertSessions(90)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<30 { tasks.addTask { _ = try await signIn(api) } }
                try await tasks.waitForAll()
            }
            #expect(try await live(in: api.database) == 100)
            #expect(try await events("over_limit", in: api.database) == 21)
        }
    }

    @Test("W5: The new session is kept, even if a clock makes all others newer")
    func clockBehind() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            try await api.database.insertSessions(120)
            try await api.database.sql(
                "UPDATE sessions SET created_at = created_at + interval '1 day' WHERE user_agent IS NULL"
            )
            let client = try await signIn(api)
            #expect(try await client.get(APIPath.me).status == 200)
            #expect(try await live(in: api.database) == 100)
        }
    }

    @Test("W5: A truncated list has the total and the current session, newest first")
    func cutList() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            api.clock.advance(by: 86_400)
            _ = try await signIn(api)
            try await api.database.insertSessions(1)
            let whole = try await client.get(APIPath.sessions).decoded(SessionListBody.self)
            #expect(whole.total == 3 && whole.sessions.count == 3)
            try await api.database.sql(
                """
                INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
                SELECT id, sha256(('new' || n)::bytea), now() + n * interval '1 second', now() + interval '5 days'
                FROM users, generate_series(1, 130) n
                """
            )
            let cut = try await client.get(APIPath.sessions).decoded(SessionListBody.self)
            #expect(cut.total == 133 && cut.sessions.count == 100)
            #expect(cut.sessions.filter(\.current).count == 1)
            #expect(cut.sessions.map(\.createdAt) == cut.sessions.map(\.createdAt).sorted(by: >))
        }
    }

    @Test("W5: 200,000 sessions of one user end with one request or command, with an event for each")
    func many() async throws {
        let count = 200_000
        try await TestAPI.with { api in
            let client = try await api.registered()
            let other = try await api.registered(email: "eve@example.com")
            try await api.database.sql("UPDATE users SET name = 'Eve' WHERE email LIKE 'eve%'")
            let insert = """
                INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
                SELECT users.id, sha256(('many' || n)::bytea), now() - interval '1 day', now() + interval '5 days'
                FROM users, generate_series(1, \(count)) n WHERE name = 'Ada'
                """
            try await api.database.sql(insert)
            let start = ContinuousClock.now
            let response = try await client.delete(APIPath.sessions)
            print("W5: \(count) sessions ended by their owner in \(ContinuousClock.now - start)")
            #expect(response.status == 200)
            #expect(try response.decoded(EndedSessionsBody.self).ended == count)
            #expect(try await live(in: api.database) == 2)
            #expect(try await events("by_owner_all", in: api.database) == count)
            #expect(try await client.get(APIPath.me).status == 200)
            #expect(try await other.get(APIPath.me).status == 200)

            try await api.database.sql(insert)
            let again = ContinuousClock.now
            let reference = try #require(UserReference("ada@example.com"))
            let ended = try await OperatorStore(postgres: api.app.postgres).endSessions(of: reference, at: .now)
            print("W5: \(count) sessions ended by an operator in \(ContinuousClock.now - again)")
            #expect(ended == count + 1)
            #expect(try await live(in: api.database) == 1)
        }
    }

    // A statement may have less time than the smallest batch takes at first; here a trigger makes each row slow.
    @Test("W5: Ending many sessions completes despite the statement timeout")
    func shortTimeLimit() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            try await api.database.insertSessions(60)
            try await api.database.sql(
                """
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_sleep(0.05); RETURN OLD; END $$;
                CREATE TRIGGER dawdle BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION dawdle();
                """
            )
            var configuration = try PostgresConfiguration(url: api.database.servingURL ?? api.database.url)
            configuration.poolSize = 1
            configuration.statementTimeout = .seconds(1)
            let pool = PostgresPool(configuration, logger: TestDatabase.silentLogger)
            let user = try await pool.withConnection { try $0.one(OnlyUser()) }
            let ended = try await SessionBatches(postgres: pool).end(
                SessionSelection(user: user, reason: .owner),
                from: .operator,
                at: .now
            )
            await pool.close()
            #expect(ended == 61)
            #expect(try await live(in: api.database) == 0)
            #expect(try await client.get(APIPath.me).status == 401)
        }
    }

    @Test("W5: Two sessions that concurrently end each other both complete")
    func mutual() async throws {
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4"]) { api in
            let first = try await api.registered()
            let second = try await signIn(api)
            try await api.database.insertSessions(5000)
            async let one = first.delete(APIPath.sessions)
            async let two = second.delete(APIPath.sessions)
            let responses = try await [one, two]
            #expect(responses.allSatisfy { [200, 401].contains($0.status) })
            #expect(responses.contains { $0.status == 200 })
            #expect(try await live(in: api.database) <= 1)
        }
    }

    @Test("W5: An operator can delete a user with very many sessions")
    func deletion() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            try await api.database.insertSessions(5000)
            let settings = try TestAPI.settings([:], databaseURL: api.database.servingURL ?? api.database.url)
            let reference = try #require(UserReference("ada@example.com"))
            let deletion = try await Operator.with(settings) { service in
                guard let shown = try await service.store.user(reference) else { return UserDeletion.gone }
                return try await service.delete(shown)
            }
            #expect(deletion == .deleted)
            #expect(try await api.database.sql("SELECT count(*) FROM users") == "0")
            #expect(try await live(in: api.database) == 0)
            #expect(try await events("by_operator", in: api.database) == 5001)
        }
    }
}

private struct OnlyUser: Statement {
    static let sql: StaticString = "SELECT id FROM users"
    static func decode(_ row: PostgresRow) throws -> UUID { try row.uuid(0) }
}
