import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The headers of every response.
@Suite struct HeadersTests {
    @Test func sendsSecurityHeadersOnEveryResponse() async throws {
        try await TestSite.with { site in
            let pages = [
                try await site.get("/"), try await site.get("/login"), try await site.get("/nothing"),
                try await site.get("/logout"), try await site.post("/login"), try await site.post("/logout"),
                try await site.get("/account"), try await site.get("/account", cookie: StubAuthAPI.cookie),
                try await site.post("/login", text: "%"), try await site.get("/robots.txt"),
                try await site.get("/health/live"), try await site.get("/login/"), try await site.get("//"),
                try await site.post("/login", headers: ["Sec-Fetch-Site": "cross-site"]),
            ]
            for page in pages {
                let policy = page["Content-Security-Policy"] ?? ""
                #expect(policy.hasPrefix("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' "))
                #expect(policy.contains("form-action 'self'; frame-ancestors 'none'; base-uri 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(page["X-Content-Type-Options"] == "nosniff")
                #expect(page["X-Frame-Options"] == "DENY")
                #expect(page["Referrer-Policy"] == "same-origin")
                #expect(page["Permissions-Policy"]?.contains("camera=()") == true)
                #expect(page["Cross-Origin-Opener-Policy"] == "same-origin")
                #expect(page["Strict-Transport-Security"] == nil)
                #expect(page["X-Request-ID"]?.count == 32)
                #expect(page["Cache-Control"] != nil)
                #expect(page["Server"] == nil)
            }
        }
    }

    @Test func forbidsCachingPages() async throws {
        try await TestSite.with { site in
            for path in ["/", "/login", "/register", "/account", "/nothing"] {
                let response1 = try await site.get(path, cookie: StubAuthAPI.cookie)
                #expect(response1["Cache-Control"] == "no-store")
            }
        }
    }

    @Test func requiresTLS() async throws {
        try await TestSite.with(publicURL: "https://yoshikosan.example") { site in
            let response2 = try await site.get("/")
            #expect(response2["Strict-Transport-Security"] == "max-age=31536000")
        }
    }

    @Test(arguments: ["/", "/login", "/register", "/robots.txt", "/nothing", "/logout"])
    func headHasOnlyTheHeaders(path: String) async throws {
        try await TestSite.with { site in
            let get = try await site.get(path)
            let head = try await site.head(path)
            #expect(head.status == get.status)
            #expect(head["Content-Type"] == get["Content-Type"])
            #expect(head["Content-Length"] == get["Content-Length"])
            #expect(head.body.isEmpty)
        }
    }
}
