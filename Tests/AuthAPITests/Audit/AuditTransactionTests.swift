import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Actions and their audit events are written together or not at all.
@Suite struct AuditTransactionTests {
    private static let registration = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Ada"]
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]

    @Test("A registration that is not committed leaves no event")
    func registrationRolledBack() async throws {
        try await TestAPI.with { api in
            // The registration fails at COMMIT, when everything has been written.
            try await api.database.sql(
                """
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
                CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON sessions DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION fail()
                """
            )
            try await expectEvents([], status: 503, in: api.database) {
                try await api.client().post(APIPath.register, Self.registration)
            }
            #expect(try await api.database.sql("SELECT count(*) FROM users") == "0")
        }
    }

    @Test("A registration with a taken email address records no event")
    func taken() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            try await expectEvents([], status: 409, in: api.database) {
                try await api.client().post(APIPath.register, Self.registration)
            }
        }
    }

    @Test("An action whose audit event cannot be stored fails with an error response")
    func withoutTrail() async throws {
        try await OAuthSite.with { site in
            let database = site.api.database
            let user = try await site.api.registered()
            let other = site.browser()
            _ = try await other.post(APIPath.login, Self.login)
            let id = try #require(
                try await user.get(APIPath.sessions).decoded(SessionListBody.self).sessions.first { !$0.current }?.id
            )
            let browser = site.browser()
            site.become { $0.email = "eve@example.com" }
            let target = try await site.begin(.google, in: browser)
            let state = """
                SELECT (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM sessions) || ' '
                    || (SELECT count(*) FROM oauth_accounts)
                """
            let before = try await database.sql(state)
            try await database.sql("ALTER TABLE audit_events ADD CONSTRAINT full_up CHECK (false) NOT VALID")
            let registration = Self.registration.merging(["email": "bob@example.com"]) { $1 }
            let wrong = Self.login.merging(["password": "Wrong-Horse-7"]) { $1 }
            let unknown = ["email": "nobody@example.com", "password": "x"]
            var statuses = [try await site.browser().post(APIPath.register, registration).status]
            for body in [Self.login, wrong, unknown] {
                statuses.append(try await site.browser().post(APIPath.login, body).status)
            }
            statuses.append(try await user.copy().send("POST", APIPath.logout).status)
            statuses.append(try await user.delete("\(APIPath.sessions)/\(id)").status)
            statuses.append(try await user.delete(APIPath.sessions).status)
            #expect(statuses == Array(repeating: 503, count: 7))
            #expect(try await browser.get(target).failure != nil)
            #expect(try await database.sql(state) == before)
            try await database.sql("ALTER TABLE audit_events DROP CONSTRAINT full_up")
            #expect(try await user.get(APIPath.me).status == 200)
            #expect(try await other.get(APIPath.me).status == 200)
        }
    }
}
