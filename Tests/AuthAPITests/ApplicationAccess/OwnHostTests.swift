import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The application on its own host: how a browser gets a session there, and what is rejected.
@Suite struct OwnHostTests {
    private static let settings = ["APP_UPSTREAM": "http://app:3000", "APP_URL": "http://wiki.example.com"]

    /// The values that a browser brings back to the application's host.
    private struct Arrival {
        let code: String
        let state: String
        let cookies: [String]

        var path: String { "\(APIPath.entered)?code=\(code)&state=\(state)" }
        var header: [(String, String)] { [("Cookie", cookies.joined(separator: "; "))] }
    }

    private static func cookies(_ response: TestResponse) -> [String] {
        response.all("Set-Cookie").map { String($0.prefix { $0 != ";" }) }
    }

    /// The state and the cookie of a browser that opened a page of the application's host.
    private static func begin(_ api: TestAPI, _ page: String = "/notes") async throws -> (String, [String]) {
        let begun = try await api.client().get(APIPath.entry, headers: [("X-Original-URI", page)])
        #expect(begun.status == 302)
        let location = try #require(begun.header("Location"))
        #expect(location.hasPrefix("http://localhost:8080/enter?state="))
        return (String(location.suffix(43)), cookies(begun))
    }

    private static func enter(_ api: TestAPI, _ client: TestClient, page: String = "/notes") async throws -> Arrival {
        let (state, cookies) = try await begin(api, page)
        let entered = try await client.get("/enter?state=\(state)")
        let location = try #require(entered.header("Location"))
        let parts = try #require(URLComponents(string: location))
        #expect(entered.status == 303 && location.hasPrefix("http://wiki.example.com/api/auth/entered?"))
        let code = try #require(parts.queryItems?.first { $0.name == "code" }?.value)
        return Arrival(code: code, state: state, cookies: cookies)
    }

    @Test("A signed-in browser gets a session on the application's host, which ends with the one of the site")
    func entering() async throws {
        try await TestAPI.with(Self.settings) { api in
            let client = try await api.registered()
            let arrival = try await Self.enter(api, client, page: "/notes?a=1&b=%2F")
            let arrived = try await api.client().get(arrival.path, headers: arrival.header)
            #expect(arrived.status == 303 && arrived.header("Location") == "/notes?a=1&b=%2F")
            let session = try #require(Self.cookies(arrived).first { $0.hasPrefix("app_session=") })
            let check = try await api.client().get(APIPath.accessCheck, headers: [("Cookie", session)])
            #expect(check.status == 204 && check.header("Remote-Email") == "ada@example.com")
            #expect(check.header("X-Application-Cookie") == "")
            // No other path accepts it.
            for path in [APIPath.me, APIPath.sessions, APIPath.data] {
                let response = try await api.client().get(path, headers: [("Cookie", session)])
                #expect(response.status == 401, "\(path)")
                let value = session.dropFirst("app_session=".count)
                for header in [("Cookie", "access_token=\(value)"), ("Authorization", "Bearer \(value)")] {
                    let response = try await api.client().get(path, headers: [header])
                    #expect(response.status == 401, "\(path)")
                }
            }
            _ = try await client.post(APIPath.logout, [:])
            let after = try await api.client().get(APIPath.accessCheck, headers: [("Cookie", session)])
            #expect(after.status == 401)
        }
    }

    @Test("The session cookie of the site is not accepted on the application's host")
    func ownCookie() async throws {
        try await TestAPI.with(Self.settings) { api in
            let client = try await api.registered()
            let check = try await client.get(APIPath.accessCheck)
            #expect(check.status == 401)
        }
    }

    @Test("Without a session, /enter leads to the sign-in and back; without a state, to the application")
    func signedOut() async throws {
        try await TestAPI.with(Self.settings) { api in
            let (state, _) = try await Self.begin(api)
            let entered = try await api.client().get("/enter?state=\(state)")
            #expect(entered.header("Location") == "/login?return_to=%2Fenter%3Fstate%3D\(state)")
            for query in ["", "?state=", "?state=x", "?state=\(state)&state=\(state)", "?state=%0d%0a"] {
                let response = try await api.client().get("/enter\(query)")
                #expect(response.header("Location") == "http://wiki.example.com/", "\(query)")
            }
        }
    }

    @Test("A code is rejected in another browser, for another state, changed, twice, or a minute later")
    func codes() async throws {
        try await TestAPI.with(Self.settings) { api in
            let client = try await api.registered()
            let arrival = try await Self.enter(api, client)
            let (otherState, otherCookies) = try await Self.begin(api)
            let changed = (arrival.code.hasPrefix("A") ? "B" : "A") + arrival.code.dropFirst()
            let long = String(repeating: "A", count: 3000)
            let attempts: [(path: String, cookies: [String])] = [
                (arrival.path, []), (arrival.path, otherCookies),
                ("\(APIPath.entered)?code=\(arrival.code)&state=\(otherState)", otherCookies),
                ("\(APIPath.entered)?code=\(arrival.code)&state=\(otherState)", arrival.cookies),
                ("\(APIPath.entered)?code=\(changed)&state=\(arrival.state)", arrival.cookies),
                ("\(APIPath.entered)?state=\(arrival.state)", arrival.cookies),
                ("\(arrival.path)&code=x", arrival.cookies),
                ("\(APIPath.entered)?code=\(long)&state=\(arrival.state)", arrival.cookies),
            ]
            for (path, cookies) in attempts {
                let header = [("Cookie", cookies.joined(separator: "; "))]
                let response = try await api.client().get(path, headers: header)
                #expect(response.status == 400 && Self.cookies(response).isEmpty, "\(path)")
            }
            api.clock.advance(by: 30)
            let intime = try await api.client().get(arrival.path, headers: arrival.header)
            #expect(intime.status == 303)
            // The cookie of the flow is gone; with the session, an old link leads to the start.
            let cleared = Self.cookies(intime).contains { $0.hasPrefix("app_entry_") && $0.hasSuffix("=") }
            #expect(cleared)
            let session = Self.cookies(intime).filter { $0.hasPrefix("app_session=") }
            let again = try await api.client().get(arrival.path, headers: [("Cookie", session[0])])
            #expect(again.status == 303 && again.header("Location") == "/")
            let late = try await Self.enter(api, client)
            api.clock.advance(by: 60)
            let response = try await api.client().get(late.path, headers: late.header)
            #expect(response.status == 400)
        }
    }

    @Test("A return page that could lead to another site is replaced by the home page")
    func pages() async throws {
        try await TestAPI.with(Self.settings.merging(["APP_PATH": "/app"]) { $1 }) { api in
            let client = try await api.registered()
            for page in ["//evil.example", "/\\evil.example", "/%5cevil", "https://evil.example/", "x", "/a b"] {
                let arrival = try await Self.enter(api, client, page: page)
                let arrived = try await api.client().get(arrival.path, headers: arrival.header)
                #expect(arrived.header("Location") == "/app/", "\(page)")
            }
        }
    }

    @Test("The cookie of another host, or from before APP_URL changed, is rejected")
    func otherHost() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let kept = Locked("")
            try await TestAPI.with(Self.settings, database: database) { api in
                let client = try await api.registered()
                let arrival = try await Self.enter(api, client)
                let arrived = try await api.client().get(arrival.path, headers: arrival.header)
                let session = try #require(Self.cookies(arrived).first { $0.hasPrefix("app_session=") })
                kept.update { $0 = session }
            }
            for (url, status) in [("http://wiki.example.com", 204), ("http://notes.example.com", 401)] {
                let settings = Self.settings.merging(["APP_URL": url]) { $1 }
                try await TestAPI.with(settings, database: database) { api in
                    let check = try await api.client().get(APIPath.accessCheck, headers: [("Cookie", kept.value)])
                    #expect(check.status == status, "\(url)")
                }
            }
        }
    }

    @Test("W21 Another application's cookie with the name of the session's is an error, not a redirect loop")
    func foreignCookies() async throws {
        try await TestAPI.with(Self.settings) { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            let arrival = try await Self.enter(api, client)
            let arrived = try await api.client().get(arrival.path, headers: arrival.header)
            let session = try #require(Self.cookies(arrived).first { $0.hasPrefix("app_session=") })
            let page = ("X-Original-URI", "/notes")
            for cookies in ["\(session); app_session=foreign", "app_session=foreign; \(session)"] {
                let check = try await api.client().get(APIPath.accessCheck, headers: [("Cookie", cookies)])
                #expect(check.status == 401)
                let begun = try await api.client().get(APIPath.entry, headers: [page, ("Cookie", cookies)])
                #expect(begun.status == 400 && begun.header("Location") == nil && Self.cookies(begun).isEmpty)
                #expect(try begun.problem.code == .malformedRequest)
                #expect(try begun.problem.detail.contains("app_session"))
            }
            // One value is no conflict.
            for cookies in ["app_session=foreign", "\(session); \(session)", "app_session=; \(session)"] {
                let begun = try await api.client().get(APIPath.entry, headers: [page, ("Cookie", cookies)])
                #expect(begun.status == 302, "\(cookies)")
            }
            for values in [[token, "foreign"], ["foreign", token]] {
                let headers = [("Cookie", values.map { "access_token=\($0)" }.joined(separator: "; "))]
                let entered = try await api.client().get("/enter?state=\(arrival.state)", headers: headers)
                #expect(entered.status == 400 && entered.header("Location") == nil)
                #expect(try entered.problem.code == .malformedRequest)
                #expect(try entered.problem.detail.contains("access_token"))
            }
        }
    }

    @Test("Without APP_URL, these routes do not exist")
    func off() async throws {
        try await TestAPI.with(["APP_UPSTREAM": "http://app:3000"]) { api in
            for path in [APIPath.entry, PagePath.enter, APIPath.entered] {
                let response = try await api.client().get(path, headers: [("X-Original-URI", "/")])
                #expect(response.status == 404, "\(path)")
            }
        }
        try await TestAPI.with(Self.settings) { api in
            let response = try await api.client().get(APIPath.entry)
            #expect(response.status == 404)
        }
    }
}
