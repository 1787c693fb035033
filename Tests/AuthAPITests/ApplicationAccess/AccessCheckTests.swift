import FoundationEssentials
import Shared
import Testing

@testable import AuthAPI

/// The check of requests to the application over HTTP, without nginx.
@Suite struct AccessCheckTests {
    @Test("app4: A session's cookie gets 204 with the same identity as /api/auth/me")
    func admits() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered(name: "山田 太郎")
            let me = try await client.get(APIPath.me).decoded(UserBody.self)
            let response = try await client.get(APIPath.accessCheck)
            #expect(response.status == 204)
            #expect(response.header("X-User-ID") == me.id)
            #expect(response.header("Remote-User") == me.id)
            #expect(response.header("Remote-Email") == "ada@example.com")
            #expect(response.header("Remote-Email-Verified") == "false")
            #expect(response.header("Remote-Name") == "%E5%B1%B1%E7%94%B0%20%E5%A4%AA%E9%83%8E")
            #expect(response.all("Set-Cookie").isEmpty)
            #expect(response.header("Cache-Control") == "no-store")
            #expect(response.header("X-Auth-Assertion") == nil)
        }
    }

    @Test("app4: A verified email address is marked")
    func verified() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            try await api.database.sql("UPDATE users SET email_verified_at = now()")
            let response = try await client.get(APIPath.accessCheck)
            #expect(response.header("Remote-Email-Verified") == "true")
        }
    }

    @Test("app4: 401 without a session, with an ended one, and with only a bearer token")
    func signedOut() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            let none = try await api.client().get(APIPath.accessCheck)
            #expect(none.status == 401)
            #expect(none.body.isEmpty && none.header("WWW-Authenticate") == nil)
            let bearer = try await api.client().get(
                APIPath.accessCheck,
                headers: [("Authorization", "Bearer \(token)")]
            )
            #expect(bearer.status == 401)
            // Credentials of the application in Authorization do not replace the cookie.
            let both = try await client.get(APIPath.accessCheck, headers: [("Authorization", "Bearer other")])
            #expect(both.status == 204)
            let copy = client.copy()
            _ = try await client.post(APIPath.logout, [:])
            let over = try await copy.get(APIPath.accessCheck)
            #expect(over.status == 401)
        }
    }

    @Test("app3: Without the database, the check fails and rejects every request")
    func withoutDatabase() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            try await api.database.sql("ALTER TABLE sessions RENAME TO gone")
            let response = try await client.get(APIPath.accessCheck)
            #expect(response.status == 503)
            #expect(response.header("X-User-ID") == nil && response.header("Remote-User") == nil)
        }
    }

    @Test("app7: The response has only the application's cookies, with non-ASCII bytes unchanged")
    func cookies() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            let header = "theme=dark; access_token=\(token); name=山田; known_device=x; a=\"b"
            let response = try await api.client().get(APIPath.accessCheck, headers: [("Cookie", header)])
            #expect(response.header("X-Application-Cookie") == "theme=dark; name=山田; a=\"b")
        }
    }

    @Test("Checks are counted by outcome and measured")
    func metrics() async throws {
        try await TestAPI.with(["APP_ALLOWED_EMAILS": "bob@example.com"]) { api in
            let client = try await api.registered()
            _ = try await client.get(APIPath.accessCheck)
            _ = try await api.client().get(APIPath.accessCheck)
            try await api.database.sql("UPDATE users SET email_verified_at = now(), email = 'bob@example.com'")
            _ = try await client.get(APIPath.accessCheck)
            let text = await api.app.metrics.registry.text()
            for outcome in ["admitted", "signed_out", "refused"] {
                #expect(text.contains("auth_access_checks_total{outcome=\"\(outcome)\"} 1"), "\(outcome)")
            }
            #expect(text.contains("auth_access_checks_total{outcome=\"failed\"} 0"))
            #expect(text.contains("auth_access_check_seconds_count 3"))
        }
    }
}
