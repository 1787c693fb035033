import Foundation
import Shared
import Testing

@testable import AuthAPI

/// W7, W6: Signing in again ends the browser's previous session, and signing out always deletes the cookie.
@Suite struct ReplacedSessionTests {
    private let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]

    private func sessions(_ api: TestAPI) async throws -> String? {
        try await api.database.sql("SELECT count(*) FROM sessions")
    }

    private func bearer(_ token: String, _ api: TestAPI) async throws -> Int {
        try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(token)")]).status
    }

    @Test("W7: Signing in again ends the session of the request's cookie, and records it")
    func signInAgain() async throws {
        try await TestAPI.with { api in
            let browser = try await api.registered()
            let other = api.client()
            try #require(try await other.post(APIPath.login, login).status == 200)
            let old = try #require(browser.token)
            let id = try await api.database.sql("SELECT id FROM sessions ORDER BY created_at LIMIT 1")
            try #require(try await browser.post(APIPath.login, login).status == 200)
            #expect(browser.token != old)
            #expect(try await bearer(old, api) == 401)
            #expect(try await browser.get(APIPath.me).status == 200)
            #expect(try await other.get(APIPath.me).status == 200)
            #expect(try await sessions(api) == "2")
            let ended = "SELECT session_id FROM audit_events WHERE event = 'session_ended' AND detail = 'replaced'"
            #expect(try await api.database.sql(ended) == id)
        }
    }

    @Test("W7: Registering, or signing in as another user, also ends the session of the request's cookie")
    func anotherUser() async throws {
        try await TestAPI.with { api in
            let browser = try await api.registered()
            let ada = try #require(browser.token)
            let eve = ["email": "eve@example.com", "password": "Correct-Horse-7", "name": "Eve"]
            try #require(try await browser.post(APIPath.register, eve).status == 201)
            let first = try #require(browser.token)
            #expect(try await bearer(ada, api) == 401)
            try #require(try await browser.post(APIPath.login, login).status == 200)
            #expect(try await bearer(first, api) == 401)
            #expect(try await sessions(api) == "1")
            let owners = """
                SELECT count(*) FROM audit_events e JOIN users u ON u.id = e.user_id
                WHERE detail = 'replaced' AND event = 'session_ended'
                """
            #expect(try await api.database.sql("\(owners) AND email = 'ada@example.com'") == "1")
            #expect(try await api.database.sql("\(owners) AND email = 'eve@example.com'") == "1")
        }
    }

    @Test("W7: A failed sign-in ends no session")
    func failure() async throws {
        try await TestAPI.with { api in
            let browser = try await api.registered()
            let wrong = ["email": "ada@example.com", "password": "Wrong-Horse-7"]
            #expect(try await browser.post(APIPath.login, wrong).status == 401)
            let taken = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Eve"]
            #expect(try await browser.post(APIPath.register, taken).status == 409)
            #expect(try await browser.get(APIPath.me).status == 200)
        }
    }

    @Test("W7: Of two cookies, each valid session ends; invalid, forged and ended ones are ignored")
    func severalCookies() async throws {
        try await TestAPI.with { api in
            let first = try #require(try await api.registered().token)
            let second = try #require(try await api.registered(email: "eve@example.com").token)
            for cookies in [
                "access_token=\(first); access_token=\(second)", "access_token=planted; access_token=\(first)",
                "access_token=a.b.c", "access_token=\(first.dropLast(2))AA", "access_token=",
            ] {
                let response = try await api.client().post(APIPath.login, login, headers: [("Cookie", cookies)])
                #expect(response.status == 200)
            }
            #expect(try await bearer(first, api) == 401)
            #expect(try await bearer(second, api) == 401)
            #expect(try await sessions(api) == "5")
        }
    }

    @Test("W7: Two tabs that sign in concurrently with one old session both succeed")
    func tabs() async throws {
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4"]) { api in
            let browser = try await api.registered()
            let (one, two) = (browser.copy(), browser.copy())
            async let first = one.post(APIPath.login, login)
            async let second = two.post(APIPath.login, login)
            #expect(try await [first.status, second.status] == [200, 200])
            #expect(try await sessions(api) == "2")
            #expect(try await browser.get(APIPath.me).status == 401)
        }
    }

    @Test("W7: After a deadlock over the previous session, a sign-in is repeated", arguments: [false, true])
    func deadlock(isRegistration: Bool) async throws {
        try await TestAPI.with { api in
            let browser = try await api.registered()
            try await api.database.sql(
                """
                CREATE SEQUENCE tries;
                CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                    IF nextval('tries') = 1 THEN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END IF;
                    RETURN OLD;
                END $$;
                CREATE TRIGGER deadlock BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION deadlock();
                """
            )
            let eve = ["email": "eve@example.com", "password": "Correct-Horse-7", "name": "Eve"]
            let (path, body, status) = isRegistration ? (APIPath.register, eve, 201) : (APIPath.login, login, 200)
            #expect(try await browser.post(path, body).status == status)
            #expect(try await sessions(api) == "1")
        }
    }

    @Test(
        "W6: Signing out deletes the cookie even if the database fails, and reports the failure",
        arguments: [("53300", 503, APIErrorCode.serviceUnavailable), ("XX000", 500, .internalError)]
    )
    func databaseUnavailable(sqlState: String, status: Int, code: APIErrorCode) async throws {
        try await TestAPI.with { api in
            let browser = try await api.registered()
            let token = try #require(browser.token)
            try await api.database.sql(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '\(sqlState)'; END $$;
                CREATE TRIGGER refuse BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION refuse();
                """
            )
            let response = try await browser.send("POST", APIPath.logout)
            #expect(response.status == status)
            #expect(try response.problem.code == code)
            #expect(response.all("Set-Cookie").count == 1)
            #expect(response.header("Set-Cookie")?.hasPrefix("access_token=; Max-Age=0") == true)
            #expect(response.header("Clear-Site-Data") == "\"cache\"")
            #expect(browser.token == nil)
            #expect(try await bearer(token, api) == 200)
        }
    }

    @Test(
        "W4: Signing out deletes the browser's cached pages, where browsers support that",
        arguments: [
            ("http://localhost:8080", true), ("http://127.0.0.1:8080", true), ("http://app.localhost", true),
            ("https://site.example", true), ("http://site.example", false), ("http://127.0.0.1.example", false),
        ]
    )
    func forgottenPages(url: String, isSent: Bool) async throws {
        try await TestAPI.with(["PUBLIC_URL": url]) { api in
            let browser = try await api.registered()
            #expect(try await browser.get(APIPath.me).header("Clear-Site-Data") == nil)
            let response = try await browser.send("POST", APIPath.logout)
            #expect(response.header("Clear-Site-Data") == (isSent ? "\"cache\"" : nil))
        }
    }
}
