import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Changing the password, and attacks on it.
@Suite struct ChangePasswordTests {
    private static let old = "Correct-Horse-7"
    private static let new = "Battery-Staple-8"
    private static let limits = [
        "LOGIN_LIMIT_ACCOUNT": "3/30000", "LOGIN_LIMIT_DEVICE": "2/20000", "LOGIN_LIMIT_NETWORK": "50/60000",
    ]

    private func change(
        _ client: TestClient,
        from current: String? = old,
        to new: String = new,
        headers: [(String, String)] = []
    ) async throws -> TestResponse {
        var body = ["new_password": new]
        body["current_password"] = current
        return try await client.post(APIPath.password, body, headers: headers)
    }

    private func signIn(_ api: TestAPI, _ password: String, address: String = "203.0.113.7") async throws -> Int {
        try await api.client().post(
            APIPath.login,
            ["email": "ada@example.com", "password": password],
            headers: [("X-Real-IP", address)]
        ).status
    }

    @Test("The new password is valid, every other session ends, and this browser has a new token")
    func changes() async throws {
        try await TestAPI.with { api in
            let browser = try await api.registered()
            let others = (api.client(), api.client())
            for other in [others.0, others.1] {
                _ = try await other.post(APIPath.login, ["email": "ada@example.com", "password": Self.old])
            }
            let before = try #require(browser.token)
            let events = try await expectEvents(
                [
                    "password_changed by_owner", "session_ended password_changed", "session_ended password_changed",
                    "session_ended password_changed", "signed_in",
                ],
                status: 200,
                in: api.database
            ) { try await change(browser, headers: Visitor.headers) }
            #expect(Set(events.map(\.user)) == [try await api.database.sql("SELECT id FROM users")])
            #expect(browser.token != before && browser.token != nil)
            let mine = try await browser.get(APIPath.me)
            #expect(mine.status == 200)
            let former = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(before)")])
            #expect(former.status == 401)
            for other in [others.0, others.1] {
                let response = try await other.get(APIPath.me)
                #expect(response.status == 401)
            }
            let live = try await browser.get(APIPath.sessions).decoded(SessionListBody.self)
            #expect(live.sessions.map(\.current) == [true])
            let statuses = [try await signIn(api, Self.old), try await signIn(api, Self.new)]
            #expect(statuses == [401, 200])
        }
    }

    @Test("A stolen session cannot change the password, neither without the current one nor by guessing")
    func stolenSession() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            let thief = api.client()
            thief.keep(RequestCookie(name: "access_token", value: try #require(owner.token)))
            let missing = try await change(thief, from: nil)
            #expect(missing.status == 422)
            #expect(try missing.fieldCodes == ["current_password required"])
            let empty = try await change(thief, from: "")
            #expect(try empty.fieldCodes == ["current_password required"])
            let guessed = try await expectEvents(
                ["confirmation_failed wrong_password"],
                status: 422,
                in: api.database
            ) { try await change(thief, from: "Wrong-Horse-7", headers: Visitor.headers) }
            #expect(guessed.map(\.session) == [try await api.database.sql("SELECT id FROM sessions")])
            let wrong = try await change(thief, from: "Wrong-Horse-7")
            #expect(try wrong.fieldCodes == ["current_password incorrect"])
            // Nothing has changed for the owner.
            let mine = try await owner.get(APIPath.me)
            #expect(mine.status == 200)
            #expect(try await signIn(api, Self.old) == 200)
        }
    }

    @Test("A17 Guesses in a session are limited by user, across all sessions")
    func guessing() async throws {
        try await TestAPI.with(Self.limits) { api in
            let owner = try await api.registered()
            let second = api.client()
            _ = try await second.post(APIPath.login, ["email": "ada@example.com", "password": Self.old])
            for client in [owner, second] {
                let response = try await change(client, from: "Wrong-Horse-7")
                #expect(response.status == 422)
            }
            // Even the correct password is rejected.
            let rejected = try await change(second)
            #expect(rejected.status == 429)
            #expect(try rejected.problem.code == .tooManyRequests)
            let wait = try #require(rejected.header("Retry-After").flatMap { Int($0) })
            #expect((9000...10_000).contains(wait))
            // Sign-ins have separate limits.
            #expect(try await signIn(api, Self.old) == 200)
            api.clock.advance(by: 10_000)
            let response = try await change(owner)
            #expect(response.status == 200)
        }
    }

    @Test("A17 An attacker without a session cannot use the owner's attempts")
    func attackerWithoutSession() async throws {
        try await TestAPI.with(Self.limits) { api in
            let owner = try await api.registered()
            for number in 1...9 { _ = try await signIn(api, "Wrong-Horse-7", address: "203.0.\(number).7") }
            #expect(try await signIn(api, Self.old) == 429)
            let responses = [try await change(api.client()), try await change(owner)]
            #expect(responses.map(\.status) == [401, 200])
        }
    }

    @Test("A17 Invalid passwords and successful changes take no attempts")
    func usesNothingUp() async throws {
        try await TestAPI.with(Self.limits) { api in
            let owner = try await api.registered()
            var current = Self.old
            for number in 1...4 {
                for body in [["new_password": "short"], ["new_password": Self.new]] {
                    let response = try await owner.post(APIPath.password, body)
                    #expect(response.status == 422)
                }
                let next = "Battery-Staple-\(number)"
                let response = try await change(owner, from: current, to: next)
                #expect(response.status == 200)
                current = next
            }
        }
    }

    @Test("The rules of registration apply to the new password, including the user's own words")
    func rules() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered(email: "lovelace@example.com", name: "Analytical Engine")
            for (password, code) in [
                ("", "required"), ("Sh0rt", "too_short"), ("zqxv-kwpt-731", "missing_uppercase"),
                ("Lovelace1", "too_common"), ("Analytical1", "too_common"), ("Yoshikosan1", "too_common"),
                ("A1" + String(repeating: "a", count: 127), "too_long"),
            ] {
                let response = try await change(owner, to: password)
                #expect(response.status == 422)
                #expect(try response.fieldCodes == ["new_password \(code)"])
            }
            let odd = try await owner.post(
                APIPath.password,
                ["new_password": Self.new, "current_password": String(repeating: "x", count: 1025), "email": "x"]
            )
            #expect(try odd.fieldCodes == ["current_password too_long", "email unknown_field"])
        }
    }

    @Test("A user without a password sets one only within ten minutes of signing in again at a provider")
    func firstPassword() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            try await api.database.sql("UPDATE users SET password_hash = NULL")
            let rejected = try await change(owner, from: nil)
            #expect(rejected.status == 403)
            #expect(try rejected.problem.code == .reauthenticationRequired)
            // There is no current password.
            let wrong = try await change(owner)
            #expect(try wrong.fieldCodes == ["current_password incorrect"])
            try await api.database.sql("UPDATE sessions SET reauthenticated_at = now() - interval '10 minutes'")
            let late = try await change(owner, from: nil)
            #expect(late.status == 403)
            try await api.database.sql("UPDATE sessions SET reauthenticated_at = now() - interval '9 minutes'")
            try await expectEvents(
                ["password_changed by_provider", "session_ended password_changed", "signed_in"],
                status: 200,
                in: api.database
            ) { try await change(owner, from: nil, headers: Visitor.headers) }
            #expect(try await signIn(api, Self.new) == 200)
            // It confirms one change: the next one requires the password.
            let again = try await change(owner, from: nil)
            #expect(try again.fieldCodes == ["current_password required"])
        }
    }

    @Test("Other users' sessions, ended sessions and cross-site requests change nothing")
    func otherSessions() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            let eve = try await api.registered(email: "eve@example.com", password: "Other-Horse-9")
            let response = try await change(eve)
            #expect(try response.fieldCodes == ["current_password incorrect"])
            let crossSite = try await change(owner, headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(crossSite.status == 403)
            #expect(try crossSite.problem.code == .crossSiteRequest)
            try await api.database.sql("DELETE FROM sessions")
            let ended = try await change(owner)
            #expect(ended.status == 401)
            #expect(try await signIn(api, Self.old) == 200)
        }
    }

    @Test("W5 All sessions end, however many there are")
    func manySessions() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            try await api.database.insertSessions(5000)
            let response = try await change(owner)
            #expect(response.status == 200)
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "1")
            let ended = "SELECT count(*) FROM audit_events WHERE detail = 'password_changed'"
            #expect(try await api.database.sql(ended) == "5001")
        }
    }

    @Test("Neither password appears in a log line")
    func logs() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            _ = try await change(owner, from: "Wrong-Secret-1")
            _ = try await change(owner)
            let lines = api.logs.all.joined()
            for secret in [Self.old, Self.new, "Wrong-Secret-1"] { #expect(!lines.contains(secret)) }
        }
    }
}
