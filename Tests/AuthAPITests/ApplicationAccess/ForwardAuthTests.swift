import FoundationEssentials
import Shared
import Testing

@testable import AuthAPI

/// `/api/auth/verify`, for other reverse proxies.
@Suite struct ForwardAuthTests {
    private static let on = ["FORWARD_AUTH": "on", "PUBLIC_URL": "http://www.example.com"]
    private static let navigation = [("Sec-Fetch-Mode", "navigate"), ("X-Forwarded-Method", "GET")]

    @Test("The endpoint responds with 404 unless it is enabled, also to signed-in users")
    func off() async throws {
        try await TestAPI.with { api in
            let signedIn = try await api.registered().get(APIPath.accessVerify)
            let signedOut = try await api.client().get(APIPath.accessVerify)
            #expect(signedIn.status == 404 && signedOut.status == 404)
            #expect(signedIn.header("Remote-User") == nil)
        }
    }

    @Test("A session gets 204 with the headers of the check")
    func admits() async throws {
        try await TestAPI.with(Self.on) { api in
            let client = try await api.registered()
            let check = try await client.get(APIPath.accessCheck)
            let verify = try await client.get(APIPath.accessVerify)
            #expect(verify.status == 204)
            for name in ["X-User-ID", "Remote-User", "Remote-Email", "Remote-Email-Verified", "Remote-Name"] {
                #expect(verify.header(name) == check.header(name) && verify.header(name) != nil, "\(name)")
            }
        }
    }

    @Test(
        "Without a session, a page is directed to the sign-in page; only a valid return path is kept",
        arguments: [
            ("/notes?a=1&b=%2F", "?return_to=%2Fnotes%3Fa%3D1%26b%3D%252F"), ("//evil.example", ""),
            ("/\\evil.example", ""),
            ("https://evil.example", ""), ("/api/auth/logout", ""), ("/%2F/evil.example", ""), ("", ""),
            ("/" + String(repeating: "a", count: 600), ""),
        ]
    )
    func pages(uri: String, query: String) async throws {
        try await TestAPI.with(Self.on) { api in
            let headers = Self.navigation + [("X-Forwarded-Uri", uri), ("X-Forwarded-Host", "evil.example")]
            let response = try await api.client().get(APIPath.accessVerify, headers: headers)
            #expect(response.status == 401)
            #expect(response.header("Location") == "http://www.example.com/login\(query)")
            #expect(try response.problem.code == .unauthenticated)
            let redirected = try await api.client().get("\(APIPath.accessVerify)?redirect=true", headers: headers)
            #expect(redirected.status == 303)
            #expect(redirected.header("Location") == "http://www.example.com/login\(query)")
        }
    }

    @Test(
        "Without a session, a program gets 401 without Location, and a form no return path",
        arguments: [
            ([("Sec-Fetch-Mode", "cors")], nil), ([("Accept", "*/*")], nil), ([("Accept", "application/json")], nil),
            ([("Sec-Fetch-Mode", "cors"), ("Accept", "text/html")], nil), ([("Sec-Fetch-Mode", "websocket")], nil),
            ([("Accept", "text/html")], "?return_to=%2Fx"), ([("Accept", "a/b, TEXT/html;q=0.1")], "?return_to=%2Fx"),
            ([("Sec-Fetch-Mode", "navigate"), ("X-Forwarded-Method", "POST")], ""),
        ] as [([(String, String)], String?)]
    )
    func programs(headers: [(String, String)], query: String?) async throws {
        try await TestAPI.with(Self.on) { api in
            let headers = headers + [("X-Forwarded-Uri", "/x")]
            for path in [APIPath.accessVerify, "\(APIPath.accessVerify)?redirect=true"] {
                let response = try await api.client().get(path, headers: headers)
                #expect(response.header("Location") == query.map { "http://www.example.com/login\($0)" })
                #expect(response.status == (query != nil && path.contains("?") ? 303 : 401))
            }
        }
    }

    @Test("A user who may not use the application gets a problem document")
    func rejected() async throws {
        try await TestAPI.with(Self.on.merging(["APP_ALLOWED_DOMAINS": "example.org"]) { $1 }) { api in
            let response = try await api.registered().get(APIPath.accessVerify, headers: Self.navigation)
            #expect(response.status == 403)
            #expect(try response.problem.code == .accessDenied)
            #expect(response.header("Remote-User") == nil && response.header("Location") == nil)
        }
    }
}
