import AsyncHTTPClient
import HTTPTypes
import NIOCore
import Shared
import Testing

@testable import WebFrontend

/// Errors are pages with their status, never empty, and never a 500 for client input (requirements A16, F8).
@Suite struct ErrorPagesTests {
    @Test func unknownPathIsAPage() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/nothing-here", headers: ["X-Request-ID": "0123456789abcdef"])
            #expect(page.status == 404)
            #expect(page.body.contains("<h1>Page not found</h1>"))
            #expect(page.body.contains("<code>0123456789abcdef</code>"))
            #expect(page["X-Request-ID"] == "0123456789abcdef")
        }
    }

    // Wrong method on a known path: 405 with the allowed ones; also for patterns.
    @Test func wrongMethodGetsTheAllowedOnes() async throws {
        try await TestSite.with { site in
            let logout = try await site.get("/logout")
            #expect(logout.status == 405)
            #expect(logout["Allow"] == "POST")
            #expect(logout.body.contains("<h1>Method not allowed</h1>"))
            let login = try await site.send(.put, "/login")
            #expect(login.status == 405)
            #expect(login["Allow"] == "GET, HEAD, POST")
            let session = try await site.get("/account/sessions/\(Sessions.other.id)/end")
            #expect(session.status == 405)
            #expect(session["Allow"] == "POST")
        }
    }

    // CVE-2025-71399: Only the canonical form of each path is served.
    @Test(arguments: ["//login", "/./login", "/lo%67in", "/account//sessions", "/login//"])
    func otherSpellingsAreUnknown(path: String) async throws {
        try await TestSite.with { site in
            let response1 = try await site.get(path)
            #expect(response1.status == 404)
        }
    }

    @Test func slashAtTheEndIsRemoved() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login/?return_to=/account")
            #expect(page.status == 308)
            #expect(page.location == "/login?return_to=/account")
            let response2 = try await site.post("/login/")
            #expect(response2.status == 404)
        }
    }

    // A14: A form from a page of another site is rejected.
    @Test(arguments: ["/login", "/register", "/logout", "/account/sessions/end-others"])
    func rejectsCrossSiteForms(path: String) async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let fetched = try await site.post(
                path,
                cookie: StubAuthAPI.cookie,
                headers: ["Sec-Fetch-Site": "cross-site"]
            )
            #expect(fetched.status == 403)
            #expect(fetched.body.contains("<h1>Request from another site</h1>"))
            let origin = try await site.post(
                path,
                cookie: StubAuthAPI.cookie,
                headers: ["Origin": "https://evil.example"]
            )
            #expect(origin.status == 403)
        }
        #expect(api.requests.isEmpty)
    }

    @Test func acceptsSameOriginForm() async throws {
        try await TestSite.with { site in
            let page = try await site.post("/logout", headers: ["Sec-Fetch-Site": "same-origin"])
            #expect(page.status == 303)
        }
    }

    @Test(arguments: ["/login", "/register"])
    func rejectsOversizedInput(path: String) async throws {
        try await TestSite.with { site in
            let page = try await site.post(path, ["password": String(repeating: "a", count: 70_000)])
            #expect(page.status == 413)
            #expect(page.body.contains("<h1>Request too large</h1>"))
            // The same without Content-Length.
            let chunk = ByteBuffer(repeating: UInt8(ascii: "a"), count: 40_000)
            let chunks = AsyncStream<ByteBuffer> { continuation in
                continuation.yield(chunk)
                continuation.yield(chunk)
                continuation.finish()
            }
            let chunked = try await site.send(
                .post,
                path,
                headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .stream(chunks, length: .unknown)
            )
            #expect(chunked.status == 413)
        }
    }

    @Test func timesOutOnEndlessBody() async throws {
        try await TestSite.with(deadlines: Deadlines(body: .milliseconds(100))) { site in
            let (chunks, continuation) = AsyncStream<ByteBuffer>.makeStream()
            continuation.yield(ByteBuffer(string: "email="))
            let page = try await site.send(
                .post,
                "/login",
                headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: .stream(chunks, length: .unknown)
            )
            continuation.finish()
            #expect(page.status == 408)
            #expect(page.body.contains("<h1>Request timed out</h1>"))
        }
    }

    @Test(arguments: [
        "email=a&email=b", "email=%", "email=%4", "email=%zz", "email=%ff", "email=%C3",
        (0..<40).map { "f\($0)=1" }.joined(separator: "&"),
    ])
    func rejectsUnreadableForms(text: String) async throws {
        try await TestSite.with { site in
            for path in ["/login", "/register"] {
                let page = try await site.post(path, text: text)
                #expect(page.status == 400)
                #expect(page.body.contains("<h1>Invalid request</h1>"))
            }
        }
    }

    @Test(arguments: ["application/json", "multipart/form-data; boundary=x", "text/plain", "nonsense"])
    func onlyOrdinaryFormsAreRead(type: String) async throws {
        try await TestSite.with { site in
            let page = try await site.post("/login", text: "email=a", headers: ["Content-Type": type])
            #expect(page.status == 415)
            let missing = try await site.send(.post, "/login", body: .bytes(ByteBuffer(string: "email=a")))
            #expect(missing.status == 415)
        }
    }

    @Test func charsetInTheMediaTypeIsAccepted() async throws {
        try await TestSite.with { site in
            let page = try await site.post(
                "/login",
                text: "email=ada%40example.com&password=Correct-Horse-7",
                headers: ["Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"]
            )
            #expect(page.status == 303)
        }
    }

    // F8: A clear page that reloads automatically, and works again when the API does.
    @Test func showsReloadingPageWhenAPIIsUnavailable() async throws {
        let unused = try await TestSite.abandonedAddress()
        try await TestSite.with(apiURL: unused) { site in
            for path in ["/", "/login", "/account"] {
                let page = try await site.get(path, cookie: StubAuthAPI.cookie)
                #expect(page.status == 503)
                #expect(page["Refresh"] == "5")
                #expect(page["Retry-After"] == "5")
                #expect(page.body.contains("This page reloads every few seconds."))
                #expect(page.body.contains("<a class=\"button button-main\" href=\"\(path)\">Try again</a>"))
            }
            // W26: Back to the page with the form.
            let id = Sessions.other.id
            for (path, form) in [
                ("/account/sessions/\(id)/end", "/account"), ("/account/identities/\(id)/unlink", "/account"),
                ("/account/sessions/end-others", "/account"), ("/account/password", "/account/password"),
            ] {
                let page = try await site.post(path, cookie: StubAuthAPI.cookie)
                #expect(page.status == 503 && page["Refresh"] == nil)
                #expect(page.body.contains("<a class=\"button button-main\" href=\"\(form)\">Try again</a>"))
                #expect(page.body.contains(" data-location=\"\(form)\""))
                #expect(page.body.contains("name=\"return_to\" value=\"\(form)\""))
            }
            let logout = try await site.post("/logout", cookie: StubAuthAPI.cookie)
            // W6: The browser is signed out nevertheless.
            #expect(logout.status == 303)
            #expect(logout.cookies.count == 1)
            let login = try await site.post("/login", ["email": "ada@example.com", "password": "Correct-Horse-7"])
            #expect(login.status == 503)
            #expect(login.body.contains("value=\"ada@example.com\""))
            // Pages that do not need the API work.
            let response3 = try await site.get("/")
            #expect(response3.status == 200)
            let response4 = try await site.get("/login")
            #expect(response4.status == 200)
            let response5 = try await site.get("/health/live")
            #expect(response5.status == 200)
            let response6 = try await site.get("/health/ready")
            #expect(response6.status == 503)
        }
    }
}
