import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A9, A13: The cookie, and its deletion.
@Suite struct SessionCookieTests {
    @Test("A9: After signing out the token gets 401, and the cookie is deleted")
    func logout() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            let response = try await client.post(APIPath.logout, json: "")
            #expect(response.status == 204)
            let cookie = try #require(response.header("Set-Cookie"))
            #expect(cookie == "access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
            #expect(
                try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(token)")]).status == 401
            )
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "0")
            // Signing out twice, or without a session, is no error.
            for token in [token, "garbage"] {
                let again = try await api.client().send(
                    "POST",
                    APIPath.logout,
                    headers: [("Cookie", "access_token=\(token)")]
                )
                #expect(again.status == 204)
            }
        }
    }

    @Test("A9: Signing out ends the session of every token of the request")
    func logoutBesidePlanted() async throws {
        try await TestAPI.with { api in
            for headers: (String) -> [(String, String)] in [
                { [("Cookie", "access_token=planted; access_token=\($0)")] },
                { [("Cookie", "access_token=\($0); access_token=planted")] },
                { [("Authorization", "Garbage"), ("Cookie", "access_token=\($0)")] },
                { [("Authorization", "Bearer a.b.c"), ("Cookie", "access_token=\($0)")] },
                { [("Authorization", "Bearer \($0)"), ("Cookie", "access_token=planted")] },
            ] {
                let client = try await api.registered(email: "user-\(UUID().uuidString)@example.com")
                let token = try #require(client.token)
                #expect(try await api.client().send("POST", APIPath.logout, headers: headers(token)).status == 204)
                let me = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(token)")])
                #expect(me.status == 401)
            }
        }
    }

    @Test(
        "W32 Credentials of another scheme do not replace the cookie",
        arguments: [
            ["Basic YWRhOng="], ["basic YWRhOng="], ["Digest username=\"a\""], ["Token abc"], ["Garbage"], [""], [" "],
            ["Bearerx abc"], ["Basic YWRhOng=", "Negotiate abc"],
        ]
    )
    func otherSchemes(credentials: [String]) async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            let headers = credentials.map { ("Authorization", $0) }
            #expect(try await client.get(APIPath.me, headers: headers).status == 200)
            #expect(try await api.client().get(APIPath.me, headers: headers).status == 401)
            // A bearer token beside them counts, in any position, but only one.
            let bearer = ("Authorization", "BEARER  \(token)")
            #expect(try await api.client().get(APIPath.me, headers: headers + [bearer]).status == 200)
            #expect(try await api.client().get(APIPath.me, headers: [bearer] + headers).status == 200)
            let two = [bearer, ("Authorization", "Bearer a.b.c")]
            #expect(try await client.get(APIPath.me, headers: headers + two).status == 401)
        }
    }

    @Test("A13: the cookie's attributes, without and with TLS")
    func cookieAttributes() async throws {
        for (url, expected) in [
            ("http://localhost:8080", ["access_token", "; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax"]),
            (
                "https://site.example",
                ["__Host-access_token", "; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax; Secure"]
            ),
        ] {
            try await TestAPI.with(["PUBLIC_URL": url]) { api in
                let client = api.client()
                let response = try await client.post(
                    APIPath.register,
                    ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Ada"]
                )
                let cookies = response.all("Set-Cookie")
                #expect(cookies.count == 2)
                let cookie = try #require(cookies.first)
                #expect(cookie.prefix { $0 != "=" } == expected[0])
                #expect(cookie.drop { $0 != ";" } == expected[1])
                // The cookie of a known browser has the same attributes, and a longer lifetime.
                let known = try #require(cookies.last)
                #expect(known.prefix { $0 != "=" } == expected[0].replacing("access_token", with: "known_device"))
                #expect(known.drop { $0 != ";" } == expected[1].replacing("604800", with: "15552000"))
                #expect(try await client.get(APIPath.me).status == 200)
                let secure = response.header("Strict-Transport-Security")
                #expect((secure != nil) == url.hasPrefix("https"))
            }
        }
    }
}
