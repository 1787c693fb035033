import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The audit trail of accounts with a password.
@Suite struct PasswordEventsTests {
    private static let correct = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let wrong = ["email": "ada@example.com", "password": "Wrong-Horse-7"]
    private static let unknown = ["email": "nobody@example.com", "password": "Wrong-Horse-7"]

    private static func signIn(
        _ client: TestClient,
        _ body: [String: String] = correct
    ) async throws -> TestResponse {
        try await client.post(APIPath.login, body, headers: Visitor.headers)
    }

    @Test("A registration records the registration and its first session")
    func registration() async throws {
        try await TestAPI.with { api in
            let events = try await expectEvents(["registered", "signed_in"], status: 201, in: api.database) {
                let registration = Self.correct.merging(["name": "Ada"]) { $1 }
                return try await api.client().post(APIPath.register, registration, headers: Visitor.headers)
            }
            let user = try await api.database.sql("SELECT id FROM users")
            #expect(events.map(\.user) == [user, user])
            let session = try await api.database.sql("SELECT id FROM sessions")
            #expect(events.map(\.session) == [nil, session])
            #expect(events.allSatisfy { $0.subject == nil && $0.device == nil })
            let age = "SELECT max(abs(extract(epoch FROM clock_timestamp() - occurred_at))) < 60 FROM audit_events"
            #expect(try await api.database.sql(age) == "t")
        }
    }

    @Test("A sign-in records its session, and the browser if it is known for the account")
    func signIns() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            let browser = api.client()
            var events: [AuditedEvent] = []
            for number in 1...3 {
                // W7: the session that the browser had ends.
                let summaries = number == 1 ? ["signed_in"] : ["signed_in", "session_ended replaced"]
                let recorded = try await expectEvents(summaries, status: 200, in: api.database) {
                    try await Self.signIn(browser)
                }
                if let replaced = recorded.dropFirst().first { #expect(replaced.session == events.last?.session) }
                events += recorded.prefix(1)
            }
            let user = try await api.database.sql("SELECT id FROM users")
            #expect(events.allSatisfy { $0.user == user })
            #expect(Set(events.map(\.session)).count == 3 && !events.contains { $0.session == nil })
            #expect(events[0].device == nil && events[1].device != nil)
            #expect(events[1].device == events[2].device)
        }
    }

    @Test("A failure records the reason; an address without an account is stored only as a keyed hash")
    func failures() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            let user = try await api.database.sql("SELECT id FROM users")
            let wrong = try await expectEvents(["sign_in_failed wrong_password"], status: 401, in: api.database) {
                try await Self.signIn(api.client(), Self.wrong)
            }
            #expect(wrong.map(\.user) == [user] && wrong.map(\.subject) == [nil])
            try await api.database.sql("UPDATE users SET password_hash = NULL")
            let none = try await expectEvents(["sign_in_failed no_password"], status: 401, in: api.database) {
                try await Self.signIn(api.client(), Self.correct)
            }
            #expect(none.map(\.user) == [user])
            var subjects: Set<String?> = []
            for email in ["nobody@example.com", "Nobody@Example.com", "noone@example.com"] {
                let unknown = try await expectEvents(["sign_in_failed unknown_account"], status: 401, in: api.database)
                {
                    try await Self.signIn(api.client(), ["email": email, "password": "x"])
                }
                #expect(unknown.map(\.user) == [nil])
                subjects.formUnion(unknown.map(\.subject))
            }
            #expect(subjects.count == 2 && !subjects.contains(nil))
        }
    }

    @Test("An exceeded limit records one event per period, with the account if there is one")
    func throttled() async throws {
        let limits = [
            "LOGIN_LIMIT_ACCOUNT": "1/3600", "LOGIN_LIMIT_DEVICE": "1/3600", "LOGIN_LIMIT_NETWORK": "4/3600",
            "REGISTRATION_LIMIT_NETWORK": "1/3600",
        ]
        try await TestAPI.with(limits) { api in
            let owner = try await api.registered()
            let user = try await api.database.sql("SELECT id FROM users")
            let database = api.database
            for (body, user) in [(Self.wrong, user), (Self.unknown, nil)] {
                _ = try await Self.signIn(api.client(), body)
                let events = try await expectEvents(["throttled account"], status: 429, in: database) {
                    try await Self.signIn(api.client(), body)
                }
                #expect(events.map(\.user) == [user])
                #expect(events.allSatisfy { $0.subject != nil && $0.period != nil })
                for _ in 1...3 {
                    try await expectEvents([], status: 429, in: database) { try await Self.signIn(api.client(), body) }
                }
            }
            _ = try await Self.signIn(owner, Self.wrong)
            let device = try await expectEvents(["throttled device"], status: 429, in: database) {
                try await Self.signIn(owner, Self.wrong)
            }
            #expect(device.map(\.user) == [user] && device[0].device != nil)
            for number in 1...2 {
                _ = try await Self.signIn(api.client(), ["email": "p\(number)@x.de", "password": "x"])
            }
            try await expectEvents(["throttled network"], status: 429, in: database) {
                try await Self.signIn(api.client(), ["email": "p3@x.de", "password": "x"])
            }
            // Both limits at once.
            try await expectEvents([], status: 429, in: database) { try await Self.signIn(api.client(), Self.wrong) }
            let register = { (number: Int) in
                let body = ["email": "r\(number)@x.de", "password": "Correct-Horse-7", "name": "R"]
                return try await api.client().post(APIPath.register, body, headers: Visitor.headers)
            }
            _ = try await register(1)
            try await expectEvents(["throttled registration"], status: 429, in: database) { try await register(2) }
            try await expectEvents([], status: 429, in: database) { try await register(3) }
            // Another period, another event.
            api.clock.advance(by: 3600)
            _ = try await register(4)
            try await expectEvents(["throttled registration"], status: 429, in: database) { try await register(5) }
        }
    }

    @Test("Signing out and ending another session both record the ended session")
    func endings() async throws {
        try await TestAPI.with { api in
            let first = try await api.registered()
            let session = "SELECT id FROM sessions ORDER BY created_at DESC, id LIMIT 1"
            let own = try await api.database.sql(session)
            let signedOut = try await expectEvents(["signed_out"], status: 204, in: api.database) {
                try await first.copy().send("POST", APIPath.logout, headers: Visitor.headers)
            }
            #expect(signedOut.map(\.session) == [own])
            // A token without a session records nothing.
            try await expectEvents([], status: 204, in: api.database) {
                try await first.send("POST", APIPath.logout, headers: Visitor.headers)
            }
            let browser = api.client()
            _ = try await Self.signIn(browser)
            let mine = try #require(try await api.database.sql(session))
            var others: [String] = []
            for _ in 1...3 {
                api.clock.advance(by: 1)
                _ = try await Self.signIn(api.client())
                others.append(try #require(try await api.database.sql(session)))
            }
            let one = try await expectEvents(["session_ended by_owner"], status: 204, in: api.database) {
                try await browser.delete("\(APIPath.sessions)/\(others[0])", headers: Visitor.headers)
            }
            #expect(one.map(\.session) == [others[0]])
            try await expectEvents([], status: 404, in: api.database) {
                try await browser.delete("\(APIPath.sessions)/\(others[0])", headers: Visitor.headers)
            }
            let ended = ["session_ended by_owner_all", "session_ended by_owner_all"]
            let rest = try await expectEvents(ended, status: 200, in: api.database) {
                try await browser.delete(APIPath.sessions, headers: Visitor.headers)
            }
            #expect(Set(rest.compactMap(\.session)) == Set(others.dropFirst()))
            let last = try await expectEvents(["signed_out"], status: 204, in: api.database) {
                try await browser.delete("\(APIPath.sessions)/\(mine)", headers: Visitor.headers)
            }
            #expect(last.map(\.session) == [mine])
            let user = try await api.database.sql("SELECT id FROM users")
            #expect((signedOut + one + rest + last).allSatisfy { $0.user == user })
        }
    }

    @Test("An upgraded password hash is recorded once, beside the sign-in")
    func upgrade() async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(database: database) { _ = try await $0.registered() }
            try await TestAPI.with(["ARGON2_ITERATIONS": "2"], database: database) { api in
                let events = try await expectEvents(["signed_in", "hash_upgraded"], status: 200, in: database) {
                    try await Self.signIn(api.client())
                }
                #expect(events[0].session == events[1].session && events[0].user == events[1].user)
                try await expectEvents(["signed_in"], status: 200, in: database) { try await Self.signIn(api.client()) }
            }
        }
    }
}
