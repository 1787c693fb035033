import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// A18: a user sees their live sessions and can end them.
@Suite struct SessionListTests {
    private func login(_ api: TestAPI, email: String = "ada@example.com", agent: String) async throws -> TestClient {
        let client = api.client()
        let response = try await client.post(
            APIPath.login,
            ["email": email, "password": "Correct-Horse-7"],
            headers: [("User-Agent", agent), ("X-Real-IP", "203.0.113.7")]
        )
        try #require(response.status == 200)
        return client
    }

    private func sessions(_ client: TestClient) async throws -> [SessionBody] {
        try await client.get(APIPath.sessions).decoded(SessionListBody.self).sessions
    }

    @Test("A18: The list has only the user's live sessions, newest first, and marks the current one")
    func list() async throws {
        try await TestAPI.with { api in
            let first = try await api.registered()
            _ = try await api.registered(email: "eve@example.com")
            api.clock.advance(by: 10)
            let second = try await login(api, agent: "Browser " + String(repeating: "x", count: 300))
            let sessions = try await sessions(second)
            #expect(sessions.map(\.current) == [true, false])
            #expect(sessions[0].userAgent?.count == 255)
            #expect(sessions[0].userAgent?.hasPrefix("Browser xxx") == true)
            #expect(sessions[0].ipAddress == "203.0.113.7")
            #expect(sessions[1].ipAddress == "127.0.0.1")
            #expect(sessions[0].expiresAt.timeIntervalSince(sessions[0].createdAt) == 604_800)
            #expect(try await self.sessions(first).map(\.current) == [false, true])
            // The list contains no tokens.
            let text = try await second.get(APIPath.sessions).text
            #expect(!text.contains(try #require(second.token)))
            #expect(!text.contains("hash"))
            api.clock.advance(by: 7 * 86_400 - 5)
            #expect(try await self.sessions(second).count == 1)
        }
    }

    @Test("A18: The User-Agent is stored truncated and without control characters")
    func userAgent() {
        #expect(ClientInfo(userAgent: "a\u{1}b\u{1B}[31m\nc", address: nil).userAgent == "ab[31mc")
        #expect(ClientInfo(userAgent: String(repeating: "é", count: 300), address: nil).userAgent?.count == 255)
        #expect(ClientInfo(userAgent: nil, address: nil).userAgent == nil)
    }

    @Test("A18: Ending one session ends only that one")
    func endOne() async throws {
        try await TestAPI.with { api in
            let first = try await api.registered()
            let second = try await login(api, agent: "Second")
            let other = try #require(try await sessions(first).first { !$0.current })
            #expect(try await first.delete(APIPath.session(other.id)).status == 204)
            #expect(try await second.get(APIPath.me).status == 401)
            #expect(try await first.get(APIPath.me).status == 200)
            let again = try await first.delete(APIPath.session(other.id))
            #expect(again.status == 404)
            #expect(try again.problem.code == .sessionNotFound)
        }
    }

    @Test("A18: Ending the current session signs out")
    func endOwn() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let own = try #require(try await sessions(client).first)
            let response = try await client.delete(APIPath.session(own.id))
            #expect(response.status == 204)
            #expect(response.header("Set-Cookie")?.hasPrefix("access_token=; Max-Age=0") == true)
            #expect(client.token == nil)
        }
    }

    @Test("A18: Ending all others keeps the current session")
    func endOthers() async throws {
        try await TestAPI.with { api in
            let first = try await api.registered()
            let second = try await login(api, agent: "Second")
            let third = try await login(api, agent: "Third")
            let other = try await api.registered(email: "eve@example.com")
            let response = try await second.delete(APIPath.sessions)
            #expect(response.status == 200)
            #expect(try response.decoded(EndedSessionsBody.self).ended == 2)
            #expect(try await first.get(APIPath.me).status == 401)
            #expect(try await second.get(APIPath.me).status == 200)
            #expect(try await third.get(APIPath.me).status == 401)
            #expect(try await other.get(APIPath.me).status == 200)
            #expect(try await second.delete(APIPath.sessions).decoded(EndedSessionsBody.self).ended == 0)
        }
    }

    @Test("A18: Another user's session cannot be ended, and the response does not reveal whether it exists")
    func otherUsers() async throws {
        try await TestAPI.with { api in
            let ada = try await api.registered()
            let eve = try await api.registered(email: "eve@example.com")
            let target = try #require(try await sessions(ada).first)
            var bodies: Set<String> = []
            for id in [target.id, UUID().uuidString.lowercased(), "not-a-uuid"] {
                let response = try await eve.delete(APIPath.session(id))
                #expect(response.status == 404)
                bodies.insert(response.text.replacing(try response.problem.requestID, with: ""))
            }
            #expect(bodies.count == 1)
            #expect(try await ada.get(APIPath.me).status == 200)
        }
    }

    @Test("A18: Without a session, every request gets 401")
    func anonymous() async throws {
        try await TestAPI.with { api in
            let client = api.client()
            let responses = [
                try await client.get(APIPath.sessions), try await client.delete(APIPath.sessions),
                try await client.delete(APIPath.session(UUID().uuidString.lowercased())),
            ]
            #expect(responses.map(\.status) == [401, 401, 401])
        }
    }

    @Test("D5: expired sessions are removed in batches, live ones kept")
    func sweep() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            try await api.database.sql(
                """
                INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
                SELECT users.id, sha256(n::text::bytea), now() - interval '9 days', now() - interval '2 days'
                FROM users, generate_series(1, 2500) n
                """
            )
            #expect(try await api.app.sessionSweeper.sweep() == 2500)
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "1")
            #expect(try await client.get(APIPath.me).status == 200)
            #expect(try await api.app.sessionSweeper.sweep() == 0)
        }
    }

    @Test("D5: A replica whose clock is ahead removes no live session")
    func sweepAhead() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            api.clock.advance(by: 8 * 86_400)
            #expect(try await client.get(APIPath.me).status == 401)
            #expect(try await api.app.sessionSweeper.sweep() == 0)
            api.clock.advance(by: -8 * 86_400)
            #expect(try await client.get(APIPath.me).status == 200)
        }
    }

    @Test("D5: Only one replica removes expired sessions at a time")
    func sweepOnce() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            try await api.database.sql("UPDATE sessions SET created_at = now() - interval '9 days', expires_at = now()")
            let gate = Gate()
            let holder = Task {
                try await api.database.pool.transaction { db in
                    _ = try db.one(TryLockSweep.sessions)
                    gate.wait()
                }
            }
            await gate.entered()
            #expect(try await api.app.sessionSweeper.sweep() == 0)
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "1")
            gate.open()
            try await holder.value
            #expect(try await api.app.sessionSweeper.sweep() == 1)
        }
    }
}
