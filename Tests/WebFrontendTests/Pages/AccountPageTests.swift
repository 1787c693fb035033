import FoundationEssentials
import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The account page (requirements F4, A18).
@Suite struct AccountPageTests {
    // F4
    @Test func anonymousVisitorIsSentToSignInAndBack() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            for page in [
                try await site.get("/account"), try await site.post("/account/sessions/end-others"),
                try await site.post("/account/sessions/\(Sessions.other.id)/end"),
            ] {
                #expect(page.status == 303)
                #expect(page.location == "/login?return_to=%2Faccount")
            }
        }
        #expect(api.requests.isEmpty)
    }

    // F4: Only a visitor with a session cookie sees that the session has ended.
    @Test func endedSessionIsExplained() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/account", cookie: "access_token=dead")
            #expect(page.status == 303)
            #expect(page.location == "/login?return_to=%2Faccount&notice=session-over")
        }
    }

    // A18
    @Test func sessionsAreListedThisDeviceFirst() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200)
            #expect(page.body.contains(#"<bdi data-testid="account-name">Ada Lovelace</bdi>"#))
            #expect(page.body.contains(#"<bdi data-testid="account-email">ada@example.com</bdi>"#))
            let ids = page.body.split(separator: "data-session=\"").dropFirst().map { String($0.prefix(36)) }
            #expect(ids == [Sessions.current.id, Sessions.other.id])
            #expect(page.body.contains(#"<bdi>Firefox on Linux</bdi> <span class="badge">This device</span>"#))
            #expect(page.body.contains(#"<time datetime="2026-11-23T07:58:00Z">23 November 2026, 7:58 (UTC)</time>"#))
            #expect(page.body.contains(#"<bdi class="address">192.0.2.7</bdi>"#))
            #expect(page.body.contains("<bdi>Unknown device</bdi>"))
            #expect(page.body.contains("action=\"/account/sessions/\(Sessions.other.id)/end\""))
            #expect(!page.body.contains("action=\"/account/sessions/\(Sessions.current.id)/end\""))
            #expect(page.body.contains("action=\"/account/sessions/end-others\""))
        }
    }

    @Test func onlySessionHasNoOthersToEnd() async throws {
        let api = StubAuthAPI([
            "GET /api/auth/sessions": { _ in try StubAuthAPI.json(SessionListBody(sessions: [Sessions.current])) }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200)
            #expect(!page.body.contains("end-others"))
        }
    }

    // Times with fractions of seconds are parsed as well.
    @Test func fractionsOfSecondsAreRead() async throws {
        let api = StubAuthAPI([
            "GET /api/auth/sessions": { _ in
                try StubAuthAPI.json(
                    [
                        "sessions": [
                            [
                                "id": "01890a5d-ac96-774b-bcce-b302099a8001", "created_at": "2026-11-23T07:58:00.123Z",
                                "expires_at": "2026-11-30T07:58:00.123Z", "user_agent": "curl/8.0",
                            ]
                        ]
                    ].mapValues { $0.map(LooseSession.init) }
                )
            }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains("23 November 2026, 7:58 (UTC)"))
            #expect(page.body.contains("<bdi>curl</bdi>"))
        }
    }

    // A18
    @Test func oneSessionIsEnded() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post(
                "/account/sessions/\(Sessions.other.id.uppercased())/end",
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 303)
            #expect(page.location == "/account?notice=session-ended")
            let gone = try await site.post("/account/sessions/\(Sessions.gone)/end", cookie: StubAuthAPI.cookie)
            #expect(gone.location == "/account?notice=session-gone")
            let nonsense = try await site.post("/account/sessions/nonsense/end", cookie: StubAuthAPI.cookie)
            #expect(nonsense.status == 404)
        }
        #expect(
            api.requests.map { "\($0.method) \($0.path)" } == [
                "DELETE /api/auth/sessions/\(Sessions.other.id)", "DELETE /api/auth/sessions/\(Sessions.gone)",
            ]
        )
    }

    // A18
    @Test func allOtherSessionsAreEnded() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/sessions/end-others", cookie: StubAuthAPI.cookie)
            #expect(page.status == 303)
            #expect(page.location == "/account?notice=others-ended")
            let account = try await site.get("/account?notice=others-ended", cookie: StubAuthAPI.cookie)
            #expect(account.body.contains("All other devices are signed out."))
        }
        #expect(api.requests.first.map { "\($0.method) \($0.path)" } == "DELETE /api/auth/sessions")
    }

    // W5: The page reports a truncated list, but not a complete one or that of the previous version of the API.
    @Test func reportsTruncatedList() async throws {
        for (total, isCut) in [(200_001, true), (2, false), (nil, false)] as [(Int?, Bool)] {
            let api = StubAuthAPI([
                "GET /api/auth/sessions": { _ in
                    let list = SessionListBody(sessions: [Sessions.other, Sessions.current], total: total)
                    return try StubAuthAPI.json(list)
                }
            ])
            try await TestSite.with(api) { site in
                let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
                #expect(page.body.contains("Showing 2 of 200001 devices.") == isCut)
                #expect(page.body.contains("id=\"sessions-cut\"") == isCut)
            }
        }
        let old = Data(#"{"sessions":[]}"#.utf8)
        #expect(try JSONDecoder().decode(SessionListBody.self, from: old).total == 0)
    }

    // W6: Whatever the API responds, the browser deletes its cookie, and the next page shows what failed.
    @Test(arguments: [APIErrorCode.serviceUnavailable, .internalError, .overloaded, .requestTimeout])
    func signOutWithoutTheAPI(code: APIErrorCode) async throws {
        let api = StubAuthAPI(["POST /api/auth/logout": { _ in StubAuthAPI.problem(code) }])
        try await TestSite.with(api) { site in
            let page = try await site.post("/logout", cookie: StubAuthAPI.cookie)
            #expect(page.status == 303)
            #expect(page.location == "/?notice=signed-out-here")
            #expect(page.cookies == ["access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"])
            let home = try await site.get("/?notice=signed-out-here")
            #expect(home.body.contains("This browser is signed out. The service could not be reached"))
        }
    }

    // W6: An unreachable API, with TLS and without a session. Pending provider accounts are forgotten, too.
    @Test func signOutWithoutAnyAPI() async throws {
        let address = try await TestSite.abandonedAddress()
        try await TestSite.with(apiURL: address, publicURL: "https://site.example") { site in
            let names = ["__Host-access_token", "__Host-oauth_connect", "__Host-oauth_address"]
            let page = try await site.post("/logout", cookie: names.map { "\($0)=live" }.joined(separator: "; "))
            #expect(page.location == "/?notice=signed-out-here")
            #expect(page.cookies == names.map { "\($0)=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure" })
            // Without a session, nothing remains valid.
            let again = try await site.post("/logout")
            #expect(again.location == "/?notice=signed-out")
        }
    }

    // W4: Cached pages are deleted with the session, where browsers support it.
    @Test func signOutForgetsPages() async throws {
        for (address, isSent) in [
            ("http://localhost:8080", true), ("https://site.example", true), ("http://site.example", false),
        ] {
            try await TestSite.with(publicURL: address) { site in
                let page = try await site.post("/logout", cookie: StubAuthAPI.cookie)
                #expect(page["Clear-Site-Data"] == (isSent ? "\"cache\"" : nil))
                #expect(try await site.get("/")["Clear-Site-Data"] == nil)
            }
        }
    }
}

/// A session as JSON, with its times as strings.
private struct LooseSession: Encodable {
    let id: String
    let created_at: String
    let expires_at: String
    let user_agent: String
    let current = false

    init(_ values: [String: String]) {
        id = values["id"] ?? ""
        created_at = values["created_at"] ?? ""
        expires_at = values["expires_at"] ?? ""
        user_agent = values["user_agent"] ?? ""
    }
}
