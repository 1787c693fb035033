import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Users delete their accounts.
@Suite struct DeleteAccountTests {
    private static let password = "Correct-Horse-7"

    private func delete(
        _ client: TestClient,
        email: String = "ada@example.com",
        password: String? = password,
        headers: [(String, String)] = []
    ) async throws -> TestResponse {
        var body = ["email": email]
        body["password"] = password
        return try await client.post(APIPath.deletion, body, headers: headers)
    }

    private static let remains = """
        SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM sessions) || ' '
            || (SELECT count(*) FROM oauth_accounts) || ' ' || (SELECT count(*) FROM disconnected_identities)
        """

    @Test("Everything is deleted except the audit trail, which has no name; every cookie of this site is cleared")
    func deletes() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.discord, in: owner)
            let other = site.browser()
            _ = try await other.post(APIPath.login, ["email": "ada@example.com", "password": Self.password])
            // A flow in progress leaves a cookie, too.
            _ = try await site.begin(.google, in: owner)
            #expect(owner.cookies.count >= 3)
            let events = try await expectEvents(["user_deleted by_owner"], status: 204, in: site.api.database) {
                try await delete(owner, email: " ADA@example.com", headers: Visitor.headers)
            }
            #expect(events[0].user != nil && events[0].subject != nil)
            #expect(owner.cookies.isEmpty)
            #expect(try await site.sql(Self.remains) == "0 0 0 0")
            let responses = [
                try await other.get(APIPath.me),
                try await site.browser().post(APIPath.login, ["email": "ada@example.com", "password": Self.password]),
            ]
            #expect(responses.map(\.status) == [401, 401])
            let named = "SELECT count(*) FROM audit_events WHERE audit_events::text ~ 'ada@|Ada|Correct'"
            #expect(try await site.sql(named) == "0")
        }
    }

    @Test("An operator finds by address what happened, as after deleting the user")
    func trail() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            _ = try await delete(owner)
            let operators = Operators(database: api.database)
            let found = try await operators.run { service in
                var events: [String] = []
                let reference = try #require(UserReference("ada@example.com"))
                try await service.audit.read(.init(subject: service.audit.subject(reference))) {
                    events += $0.map(\.event)
                }
                return events
            }
            #expect(found == ["registered", "signed_in", "user_deleted"])
        }
    }

    @Test("A stolen session cannot delete the account: password and email address are required")
    func stolenSession() async throws {
        try await TestAPI.with(["LOGIN_LIMIT_DEVICE": "2/20000"]) { api in
            let owner = try await api.registered()
            let other = try await delete(owner, email: "eve@example.com")
            #expect(try other.fieldCodes == ["email mismatch"])
            let missing = try await delete(owner, email: "", password: nil)
            #expect(try missing.fieldCodes == ["email required"])
            let without = try await delete(owner, password: nil)
            #expect(try without.fieldCodes == ["password required"])
            for _ in 1...2 {
                let wrong = try await delete(owner, password: "Wrong-Horse-7")
                #expect(try wrong.fieldCodes == ["password incorrect"])
            }
            let rejected = try await delete(owner)
            #expect(rejected.status == 429)
            #expect(try await api.database.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test("W5 Any number of sessions is deleted")
    func manySessions() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            try await api.database.insertSessions(5000)
            let response = try await delete(owner)
            #expect(response.status == 204)
            #expect(try await api.database.sql(Self.remains) == "0 0 0 0")
        }
    }

    @Test("The tokens are revoked at the provider", arguments: OAuthProvider.mocked)
    func revokes(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(provider, in: owner)
            let response = try await delete(owner)
            #expect(response.status == 204)
            let endpoint: MockProvider.Endpoint = provider == .google ? .googleRevocation : .discordRevocation
            #expect(site.mock.requests.filter { $0.endpoint == endpoint }.count == 1)
            #expect(site.mock.state.revoked.count == 1)
            #expect(site.api.logs.all.contains { $0.contains("provider token revoked") })
        }
    }

    @Test("A provider that does not respond or rejects the request does not prevent the deletion; the log has no token")
    func providerUnavailable() async throws {
        for change in [{ $0.status = 503 }, { $0.delivery = .closed }] as [@Sendable (inout MockResponse) -> Void] {
            try await OAuthSite.with { site in
                let owner = try await site.api.registered()
                try await site.link(.discord, in: owner)
                site.mock.change(.discordRevocation, change)
                let response = try await delete(owner)
                #expect(response.status == 204)
                #expect(try await site.sql(Self.remains) == "0 0 0 0")
                let line = site.api.logs.all.first { $0.contains("provider token not revoked") }
                #expect(line?.contains("\"reason\":") == true)
                #expect(!site.api.logs.all.contains { $0.contains("refresh-") || $0.contains("access-") })
            }
        }
    }

    @Test("A deletion by an operator revokes tokens, too")
    func byOperator() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.discord, in: owner)
            let operators = Operators(database: site.api.database)
            let ending = try await operators.run(site.mock.environment) { service in
                let reference = try #require(UserReference("ada@example.com"))
                let shown = try #require(try await service.store.user(reference))
                return try await service.delete(shown)
            }
            #expect(ending == .deleted)
            #expect(site.mock.state.revoked.count == 1)
        }
    }

    @Test("A concurrent sign-in is rejected after the deletion, and no session stored before survives it")
    func racesSignIn() async throws {
        let login = ["email": "ada@example.com", "password": Self.password]
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4"]) { api in
            let owner = try await api.registered()
            let hold = try await TestHold(before: "DELETE ON users", in: api.database)
            async let deleted = delete(owner)
            try await hold.reached()
            async let signedIn = api.client().post(APIPath.login, login)
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (deleted, signedIn)
            #expect(responses.0.status == 204 && responses.1.status == 401)
            #expect(try responses.1.problem.code == .invalidCredentials)
            #expect(try await api.database.sql(Self.remains) == "0 0 0 0")
        }
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4"]) { api in
            let owner = try await api.registered()
            let hold = try await TestHold.ofSignIn(in: api.database)
            async let signedIn = api.client().post(APIPath.login, login, headers: TestHold.signIn)
            try await hold.reached()
            async let deleted = delete(owner)
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (deleted, signedIn)
            #expect(responses.0.status == 204 && responses.1.status == 200)
            #expect(try await api.database.sql(Self.remains) == "0 0 0 0")
        }
    }

    @Test("A concurrent provider callback does not sign in to the deleted account")
    func racesCallback() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let owner = try await site.api.registered()
            try await site.link(.google, in: owner)
            let former = try await site.sql("SELECT id FROM users")
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            let hold = try await TestHold(before: "DELETE ON users", in: site.api.database)
            async let deleted = delete(owner)
            try await hold.reached()
            async let callback = browser.get(target)
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (deleted, callback)
            #expect(responses.0.status == 204 && responses.1.status == 303)
            // A later sign-in through the provider creates a new user, without data of the deleted account.
            #expect(try await site.sql("SELECT count(*) FROM users WHERE id = '\(former ?? "")'") == "0")
            #expect(try await site.sql("SELECT count(*) FROM users WHERE password_hash IS NOT NULL") == "0")
            #expect(try await site.sql(Self.remains) == "1 1 1 0")
        }
    }

    @Test("A pending provider account is not linked after the deletion")
    func racesLinking() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let owner = try await site.api.registered()
            let target = try await site.beginLinking(.google, in: owner)
            let tab = owner.copy()
            let hold = try await TestHold(before: "DELETE ON users", in: site.api.database)
            async let deleted = delete(owner)
            try await hold.reached()
            async let linked = tab.get(target)
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (deleted, linked)
            #expect(responses.0.status == 204)
            #expect(responses.1.failure == .signInRequired)
            #expect(try await site.sql(Self.remains) == "0 0 0 0")
        }
    }

    @Test("In any order of deletion and sign-ins, nothing of the user remains")
    func manyTimes() async throws {
        let settings = [
            "DATABASE_POOL_SIZE": "4", "REGISTRATION_LIMIT_NETWORK": "1000/1", "LOGIN_LIMIT_ACCOUNT": "100000/1",
            "LOGIN_LIMIT_NETWORK": "100000/1",
        ]
        try await TestAPI.with(settings) { api in
            for round in 1...20 {
                let owner = try await api.registered()
                async let deleted = delete(owner)
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 1...3 {
                        group.addTask {
                            try await api.client().post(
                                APIPath.login,
                                ["email": "ada@example.com", "password": Self.password]
                            ).status
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                let response = try await deleted
                #expect(response.status == 204 && statuses.isSubset(of: [200, 401]), "round \(round)")
                #expect(try await api.database.sql(Self.remains) == "0 0 0 0")
            }
        }
    }
}
