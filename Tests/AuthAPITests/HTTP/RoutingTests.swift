import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A14, A16: paths, methods, other sites, headers.
@Suite struct RoutingTests {
    @Test("An unknown path gets 404, a known one with the wrong method 405 with Allow")
    func methods() async throws {
        try await TestAPI.with { api in
            let client = api.client()
            for path in ["/", "/api", "/api/auth", "/api/auth/nothing", "/api/auth/sessions/a/b", "/docs/nothing"] {
                let response = try await client.get(path)
                #expect(response.status == 404, "\(path)")
                #expect(try response.problem.code == .notFound)
            }
            for (method, path, allow) in [
                ("GET", APIPath.login, "POST"), ("PUT", APIPath.register, "POST"),
                ("DELETE", APIPath.me, "GET, HEAD"), ("POST", APIPath.sessions, "DELETE, GET, HEAD"),
                ("GET", APIPath.session("1"), "DELETE"), ("PATCH", APIPath.logout, "POST"),
                ("OPTIONS", APIPath.login, "POST"), ("POST", APIPath.docs, "GET, HEAD"),
                ("POST", APIPath.health, "GET, HEAD"), ("PROPFIND", APIPath.me, "GET, HEAD"),
            ] {
                let response = try await client.send(method, path)
                #expect(response.status == 405, "\(method) \(path)")
                #expect(response.header("Allow") == allow)
                #expect(try response.problem.code == .methodNotAllowed)
            }
        }
    }

    // CVE-2025-71399.
    @Test(
        "Only the canonical form of a path is served",
        arguments: [
            "//api/auth/login", "/api//auth/login", "/api/auth//login", "/api/auth/login/", "/api/auth%2Flogin",
            "/api/auth/%6Cogin", "/api/auth/./login", "/api/x/../auth/login", "/API/auth/login", "/api/auth/login;x",
            "/api/auth\\login",
        ]
    )
    func spellings(path: String) async throws {
        try await TestAPI.with { api in
            let connection = try await RawConnection.open(port: api.port)
            try await connection.send(
                "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            )
            #expect(try await connection.readHead().hasPrefix("HTTP/1.1 404 "))
            await connection.close()
        }
    }

    @Test("HEAD responds like GET, without a body")
    func head() async throws {
        try await TestAPI.with { api in
            let response = try await api.client().send("HEAD", APIPath.openAPI)
            #expect(response.status == 200)
            #expect(response.body.isEmpty)
        }
    }

    @Test("A14: Cross-site requests are rejected, with or without a session")
    func crossSite() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let requests: [(String, String)] = [
                ("POST", APIPath.register), ("POST", APIPath.login), ("POST", APIPath.logout),
                ("DELETE", APIPath.sessions),
                ("DELETE", APIPath.session(UUID().uuidString.lowercased())),
                // A download is limited, and recorded in the audit trail.
                ("GET", APIPath.data),
            ]
            for (method, path) in requests {
                for headers in [
                    [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
                    [("Origin", "https://evil.example")], [("Origin", "null")],
                    [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")],
                ] {
                    let response = try await client.send(method, path, headers: headers, json: Data("{}".utf8))
                    #expect(response.status == 403)
                    #expect(try response.problem.code == .crossSiteRequest)
                }
            }
            #expect(try await client.get(APIPath.me, headers: [("Sec-Fetch-Site", "cross-site")]).status == 200)
            for site in ["same-origin", "none"] {
                #expect(try await client.get(APIPath.data, headers: [("Sec-Fetch-Site", site)]).status == 200)
            }
            let own = try await client.send(
                "POST",
                APIPath.logout,
                headers: [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://127.0.0.1:\(api.port)")]
            )
            #expect(own.status == 204)
        }
    }

    @Test("A14: CORS allows only the configured origins, with credentials")
    func cors() async throws {
        let allowed = "https://app.example.org"
        try await TestAPI.with(["ALLOWED_ORIGINS": "\(allowed), http://localhost:5173"]) { api in
            let client = try await api.registered()
            let preflight: [(String, String)] = [
                ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type"),
            ]
            for origin in [allowed, "http://localhost:5173"] {
                let preflightResponse = try await client.send(
                    "OPTIONS",
                    APIPath.login,
                    headers: preflight + [("Origin", origin)]
                )
                #expect(preflightResponse.status == 204)
                #expect(preflightResponse.header("Access-Control-Allow-Origin") == origin)
                #expect(preflightResponse.header("Access-Control-Allow-Credentials") == "true")
                #expect(preflightResponse.header("Access-Control-Allow-Headers")?.contains("Content-Type") == true)
                let me = try await client.get(APIPath.me, headers: [("Origin", origin)])
                #expect(me.header("Access-Control-Allow-Origin") == origin)
                #expect(me.all("Vary").contains("Origin"))
                let login = try await client.post(
                    APIPath.login,
                    ["email": "ada@example.com", "password": "wrong"],
                    headers: [("Origin", origin), ("Sec-Fetch-Site", "cross-site")]
                )
                #expect(login.status == 401)
                #expect(login.header("Access-Control-Allow-Origin") == origin)
            }
            for origin in [
                "https://evil.example", "https://app.example.org.evil.example", "null", "http://app.example.org",
            ] {
                let rejected = try await client.send(
                    "OPTIONS",
                    APIPath.login,
                    headers: preflight + [("Origin", origin)]
                )
                #expect(rejected.status == 405)
                let me = try await client.get(APIPath.me, headers: [("Origin", origin)])
                for response in [rejected, me] {
                    #expect(response.all("Access-Control-Allow-Origin").isEmpty)
                    #expect(response.all("Access-Control-Allow-Credentials").isEmpty)
                }
                #expect(me.all("Vary").contains("Origin"))
            }
        }
    }

    @Test("Every response, including errors, has the security headers and a request ID")
    func headers() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            for path in [APIPath.me, APIPath.openAPI, APIPath.docs, "/nothing", APIPath.login, APIPath.health] {
                let response = try await client.get(path)
                #expect(response.header("X-Content-Type-Options") == "nosniff")
                #expect(response.header("Referrer-Policy") == "no-referrer")
                let policy = try #require(response.header("Content-Security-Policy"))
                #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(response.all("X-Request-ID").count == 1)
                #expect(response.all("Server").isEmpty)
                if path.hasPrefix("/api") { #expect(response.header("Cache-Control") == "no-store") }
            }
            let id = "0123456789abcdef0123456789abcdef"
            let problem = try await client.get("/nothing", headers: [("X-Request-ID", id)])
            #expect(problem.header("X-Request-ID") == id)
            #expect(try problem.problem.requestID == id)
        }
    }

    // CVE-2025-71401: only PUBLIC_URL determines the site's address.
    @Test("Forged hosts do not change a response")
    func forgedHost() async throws {
        try await TestAPI.with { api in
            let plain = try await api.client().get(APIPath.docs)
            let forged = try await api.client().get(
                APIPath.docs,
                headers: [
                    ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
                    ("Forwarded", "host=evil.example"),
                ]
            )
            #expect(forged.body == plain.body)
            #expect(!forged.text.contains("evil.example"))
        }
    }
}
