import HTTPTypes
import Hummingbird
import NIOCore
import Shared
import Testing

@testable import WebFrontend

/// The requests of the frontend to the API, and its handling of unexpected responses (requirements F8, E5).
@Suite struct AuthAPIClientTests {
    // Only the API's cookies, the client address from the proxy, the request ID and the User-Agent are forwarded.
    @Test func onlyRequiredHeadersAreForwarded() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            _ = try await site.get(
                "/",
                cookie: "theme=dark; access_token=live; xaccess_token=no;__Host-access_token=two; oauth_flow_x=no",
                headers: [
                    "X-Real-IP": "203.0.113.9", "X-Request-ID": "0123456789abcdef", "User-Agent": "Test/1.0",
                    "X-Forwarded-For": "198.51.100.1", "Authorization": "Bearer nothing", "Accept-Language": "ja",
                    "Origin": "https://example.com", "X-Forwarded-Host": "evil.example",
                ]
            )
        }
        let request = try #require(api.requests.first)
        #expect(request.headers[values: .cookie] == ["access_token=live"])
        #expect(request.headers[.init(validated: "X-Real-IP")] == "203.0.113.9")
        #expect(request.headers[.init(validated: "X-Request-ID")] == "0123456789abcdef")
        #expect(request.headers[.userAgent] == "Test/1.0")
        let names = Set(request.headers.map(\.name.canonicalName))
        #expect(
            names.isSubset(of: [
                "accept", "cookie", "user-agent", "x-real-ip", "x-request-id", "connection", "content-length",
            ])
        )
    }

    // A sibling domain can set a cookie without the prefix.
    @Test func overTLSOnlyCookiesWithThePrefixAreForwarded() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, publicURL: "https://site.example") { site in
            _ = try await site.get("/", cookie: "access_token=theirs; __Host-access_token=live")
        }
        let request = try #require(api.requests.first)
        #expect(request.headers[values: .cookie] == ["__Host-access_token=live"])
    }

    // Without the proxy's header, the peer's address is forwarded.
    @Test func peerAddressIsForwarded() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            _ = try await site.post("/login", ["email": "a@example.com", "password": "Correct-Horse-7"])
            _ = try await site.get("/", cookie: StubAuthAPI.cookie, headers: ["X-Real-IP": "not an address"])
        }
        let name = HTTPField.Name(validated: "X-Real-IP")
        #expect(api.requests.map { $0.headers[name] } == ["127.0.0.1", "127.0.0.1"])
    }

    @Test func bodyIsJSONWithTheTypedTexts() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            _ = try await site.post("/login", ["email": "\"ヨシ\"\\\u{0}", "password": " 'p&ss+w%rd "])
        }
        let request = try #require(api.requests.first)
        #expect(request.headers[.contentType] == "application/json")
        #expect(request.fields == ["email": "\"ヨシ\"\\\u{0}", "password": " 'p&ss+w%rd "])
    }

    // F8: A response that violates the contract counts as "unavailable".
    @Test(arguments: Garbage.allCases)
    func treatsInvalidResponseAsUnavailable(garbage: Garbage) async throws {
        let api = StubAuthAPI(["GET /api/auth/me": { _ in garbage.response }])
        try await TestSite.with(api) { site in
            let page = try await site.get("/", cookie: StubAuthAPI.cookie)
            #expect(page.status == 503)
            #expect(page["Refresh"] == "5")
        }
    }

    // A request of this program that the API rejects is an internal error, not a fault of the visitor.
    @Test(arguments: [
        APIErrorCode.notFound, .methodNotAllowed, .unsupportedMediaType, .crossSiteRequest, .internalError,
    ])
    func rejectedRequestsAreInternalErrors(code: APIErrorCode) async throws {
        let api = StubAuthAPI(["POST /api/auth/login": { _ in StubAuthAPI.problem(code) }])
        try await TestSite.with(api) { site in
            let page = try await site.post("/login", ["email": "a@example.com", "password": "Correct-Horse-7"])
            #expect(page.status == 500)
            #expect(page.body.contains("<h1>Something went wrong</h1>"))
        }
    }

    @Test func timesOutOnSlowResponse() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let api = StubAuthAPI([
            "GET /api/auth/me": { _ in
                for await _ in gate {}
                return Response(status: .ok)
            }
        ])
        try await TestSite.with(api, deadlines: Deadlines(response: .milliseconds(100))) { site in
            let response1 = try await site.get("/", cookie: StubAuthAPI.cookie)
            opener.finish()
            #expect(response1.status == 503)
        }
    }

    // The head arrives in time, the body never.
    @Test func timesOutOnSlowBody() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let api = StubAuthAPI([
            "GET /api/auth/me": { _ in
                let body = ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    for await _ in gate {}
                    try await writer.finish(nil)
                }
                return Response(status: .ok, headers: [.contentType: "application/json"], body: body)
            }
        ])
        try await TestSite.with(api, deadlines: Deadlines(response: .milliseconds(100))) { site in
            let response2 = try await site.get("/", cookie: StubAuthAPI.cookie)
            opener.finish()
            #expect(response2.status == 503)
        }
    }

    @Test func tooManyRequestsShowTheWaitingTime() async throws {
        let api = StubAuthAPI(["GET /api/auth/me": { _ in StubAuthAPI.problem(.tooManyRequests, retryAfter: 30) }])
        try await TestSite.with(api) { site in
            let page = try await site.get("/", cookie: StubAuthAPI.cookie)
            #expect(page.status == 429)
            #expect(page["Retry-After"] == "30")
            #expect(page.body.contains("Try again in 30 seconds."))
        }
    }

    // Several Cookie fields can be longer than the API accepts, which would look like an outage.
    @Test func longCookiesAreNotForwarded() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let long = String(repeating: "x", count: 9000)
            let page = try await site.get(
                "/",
                cookie: "access_token=\(long)",
                headers: ["Cookie": "known_device=\(long)"]
            )
            #expect(page.status == 200)
        }
        #expect(api.requests.count == 1 && !api.requests.contains { $0.has("x") })
    }

    // A time beyond every sensible one neither ends the process nor reaches the visitor.
    @Test(arguments: [(Int.max, "86400"), (-7, "1")])
    func limitsTheWaitingTime(seconds: Int, shown: String) async throws {
        let api = StubAuthAPI(["GET /api/auth/me": { _ in StubAuthAPI.problem(.tooManyRequests, retryAfter: seconds) }])
        try await TestSite.with(api) { site in
            let page = try await site.get("/", cookie: StubAuthAPI.cookie)
            #expect(page.status == 429 && page["Retry-After"] == shown)
        }
    }
}

/// Responses that violate the API's contract.
enum Garbage: CaseIterable, Sendable {
    case noJSON, wrongShape, html, empty, redirect, tooLong, problemOfAnotherStatus, unknownCode

    var response: Response {
        switch self {
        case .noJSON: response(.ok, "nonsense")
        case .wrongShape: response(.ok, "{\"id\": 1}")
        case .html: response(.badGateway, "<html></html>")
        case .empty: Response(status: .ok)
        case .redirect: Response(status: .found, headers: [.location: "http://evil.example/"])
        case .tooLong: response(.ok, String(repeating: " ", count: AuthAPITransport.maximumResponseSize + 1))
        case .problemOfAnotherStatus:
            Response(status: .forbidden, headers: [:], body: StubAuthAPI.problem(.unauthenticated).body)
        case .unknownCode:
            response(
                .unauthorized,
                #"{"type":"about:blank","title":"","status":401,"detail":"","code":"odd","errors":[],"request_id":""}"#
            )
        }
    }

    private func response(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(status: status, body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
