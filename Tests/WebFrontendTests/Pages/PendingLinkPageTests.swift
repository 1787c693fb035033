import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// Linking a provider account with the password of the account with its email address (requirement A12).
@Suite struct PendingLinkPageTests {
    // The email address is that of the pending link and cannot be changed.
    @Test func asksForPasswordOfPendingLink() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, providers: [.google]) { site in
            let page = try await site.get(
                "/login?connect=google&return_to=%2Faccount&email=other@example.com",
                cookie: "theme=dark; \(StubAuthAPI.pendingLinkCookie)"
            )
            #expect(page.status == 200)
            #expect(page.body.contains("<h1>Connect Google</h1>"))
            #expect(page.body.contains("<title>Connect Google · yoshikosan</title>"))
            #expect(page.body.contains("Enter its password to connect Google"))
            #expect(page.body.contains(#"value="ada@example.com" readonly"#))
            #expect(page.body.contains(#"<input type="hidden" name="connect" value="google">"#))
            #expect(page.body.contains(#"name="return_to" value="/account""#))
            #expect(page.body.contains(">Connect and sign in</button>"))
            #expect(page.body.contains(#"href="/login?return_to=%2Faccount" id="to-login""#))
            #expect(page.body.contains(#"data-location="/login?connect=google&amp;return_to=%2Faccount""#))
            #expect(!page.body.contains("other@example.com"))
        }
        #expect(api.requests.map { $0.headers[.cookie] } == [StubAuthAPI.pendingLinkCookie])
    }

    // The browser gets the session cookie, and the cookie of the pending link is cleared.
    @Test func correctPasswordLinksAndSignsIn() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/login", form("Correct-Horse-7"), cookie: StubAuthAPI.pendingLinkCookie)
            #expect(page.status == 303)
            #expect(page.location == "/signed-in?return_to=%2Faccount%3Fconnected%3Dgoogle")
            #expect(page.cookies == [StubAuthAPI.setCookie, StubAuthAPI.clearedPendingLinkCookie])
            let back = try await site.post(
                "/login",
                text: "email=ada%40example.com&password=Correct-Horse-7&connect=google&return_to=%2F",
                cookie: StubAuthAPI.pendingLinkCookie
            )
            #expect(back.location == "/signed-in?return_to=%2F")
        }
        #expect(
            api.requests.first?.fields == [
                "email": "ada@example.com", "password": "Correct-Horse-7", "connect": "google",
            ]
        )
    }

    // F7: The form keeps the email address of the pending link.
    @Test(arguments: [("Wrong-1", 401), ("", 422)])
    func keepsFormAfterFailure(password: String, status: Int) async throws {
        try await TestSite.with { site in
            let page = try await site.post(
                "/login",
                ["email": "forged@example.com", "password": password, "connect": "google"],
                cookie: StubAuthAPI.pendingLinkCookie
            )
            #expect(page.status == status)
            #expect(page.body.contains("<h1>Connect Google</h1>"))
            #expect(page.body.contains(#"value="ada@example.com" readonly"#))
            #expect(page.body.contains(#"name="connect" value="google""#))
            #expect(page.body.contains("error-summary"))
        }
    }

    // F8
    @Test func keepsFormWhenAPIIsUnavailable() async throws {
        try await TestSite.with(apiURL: TestSite.abandonedAddress()) { site in
            let page = try await site.post("/login", form("Correct-Horse-7"), cookie: StubAuthAPI.pendingLinkCookie)
            #expect(page.status == 503)
            #expect(page.body.contains(#"value="ada@example.com" readonly"#))
            #expect(page.body.contains(#"name="connect" value="google""#))
        }
    }

    // Expired, in another browser, or for another provider: the page explains it and offers to start again.
    @Test(arguments: ["", StubAuthAPI.pendingLinkCookie, "oauth_connect=stale"])
    func missingPendingLinkIsExplained(cookie: String) async throws {
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get("/login?connect=discord&return_to=%2Faccount", cookie: cookie)
            #expect(page.status == 200)
            #expect(page.body.contains("The sign-in took too long, was already completed"))
            #expect(page.body.contains(#"id="oauth-retry" href="/api/auth/discord?return_to=%2Faccount""#))
            #expect(!page.body.contains("name=\"connect\""))
            #expect(!page.body.contains("readonly"))
            let sent = try await site.post(
                "/login",
                [
                    "email": "ada@example.com", "password": "Correct-Horse-7", "connect": "discord",
                    "return_to": "/account",
                ],
                cookie: cookie
            )
            #expect(sent.status == 404)
            #expect(sent.body.contains(#"id="oauth-retry" href="/api/auth/discord?return_to=%2Faccount""#))
            #expect(sent.body.contains(#"value="ada@example.com""#))
            #expect(!sent.body.contains("name=\"connect\""))
        }
    }

    @Test func unknownProviderShowsTheSignIn() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.get("/login?connect=evil", cookie: StubAuthAPI.pendingLinkCookie)
            #expect(page.body.contains("<h1>Sign in</h1>"))
            #expect(!page.body.contains("error-summary"))
            let sent = try await site.post(
                "/login",
                ["email": "ada@example.com", "password": "Correct-Horse-7", "connect": "evil"]
            )
            #expect(sent.location == "/signed-in")
        }
        #expect(api.requests.map(\.fields) == [["email": "ada@example.com", "password": "Correct-Horse-7"]])
    }

    @Test func redirectsSignedInUserToAccountPage() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(
                "/login?connect=google",
                cookie: "\(StubAuthAPI.cookie); \(StubAuthAPI.pendingLinkCookie)"
            )
            #expect(page.status == 200)
            #expect(page.body.contains("To connect Google to this account, go to your account page."))
            #expect(page.body.contains(#"id="continue" href="/account">Go to your account</a>"#))
            #expect(!page.body.contains("login-form"))
        }
    }

    // The cookie of a pending link does not count as a session.
    @Test func pendingLinkIsNotASession() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let arrived = try await site.get("/signed-in", cookie: StubAuthAPI.pendingLinkCookie)
            #expect(arrived.status == 200)
            let home = try await site.get("/", cookie: StubAuthAPI.pendingLinkCookie)
            #expect(home.status == 200)
        }
        #expect(api.requests.isEmpty)
    }

    private func form(_ password: String) -> KeyValuePairs<String, String> {
        ["email": "ada@example.com", "password": password, "connect": "google"]
    }
}
