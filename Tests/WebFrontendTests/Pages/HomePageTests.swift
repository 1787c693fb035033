import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The home page and the navigation (requirements F3, F5).
@Suite struct HomePageTests {
    @Test func anonymousVisitorIsInvited() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.get("/")
            #expect(page.status == 200)
            #expect(page.body.contains(#"href="/login" id="nav-login""#))
            #expect(page.body.contains(#"href="/register" id="nav-register""#))
            #expect(!page.body.contains("action=\"/logout\""))
        }
        // Without a session cookie, the page works even if the API is unavailable.
        #expect(api.requests.isEmpty)
    }

    // F3
    @Test func signedInVisitorIsGreetedByName() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200)
            #expect(page.body.contains(#"<h1 data-testid="greeting">Hello, <bdi>Ada Lovelace</bdi></h1>"#))
            #expect(page.body.contains("You are signed in as <bdi>ada@example.com</bdi>."))
            #expect(page.body.contains(#"<bdi class="nav-name" data-testid="user-name">Ada Lovelace</bdi>"#))
            #expect(page.body.contains(#"<span class="avatar" aria-hidden="true" translate="no">AL</span>"#))
            #expect(page.body.contains(#"<form method="post" action="/logout"><button class="button button-quiet""#))
            #expect(page.body.contains(#"href="/account""#))
        }
    }

    // F3: A picture from a provider is shown without revealing the page to the provider.
    @Test func pictureReplacesTheInitials() async throws {
        let picture = "https://lh3.googleusercontent.com/a/x=s96-c"
        let user = UserBody(id: StubAuthAPI.user.id, email: "a@example.com", name: "Ada", avatarURL: picture)
        let api = StubAuthAPI(["GET /api/auth/me": { _ in try StubAuthAPI.json(user) }])
        try await TestSite.with(api) { site in
            let page = try await site.get("/", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains("<img class=\"avatar\" src=\"\(picture)\" alt=\"\""))
            #expect(page.body.contains("referrerpolicy=\"no-referrer\""))
            #expect(!page.body.contains("translate=\"no\""))
        }
    }

    @Test func markupInANameIsText() async throws {
        let user = UserBody(
            id: StubAuthAPI.user.id,
            email: "a@example.com",
            name: "<script>alert(1)</script>",
            avatarURL: "javascript:alert(1)"
        )
        let api = StubAuthAPI(["GET /api/auth/me": { _ in try StubAuthAPI.json(user) }])
        try await TestSite.with(api) { site in
            let page = try await site.get("/", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"))
            #expect(!page.body.contains("<script>"))
            #expect(!page.body.contains("javascript:"))
        }
    }

    @Test func clearsCookieAndConfirmsSignOut() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/logout", cookie: StubAuthAPI.cookie)
            #expect(page.status == 303)
            #expect(page.location == "/?notice=signed-out")
            #expect(page.cookies == [StubAuthAPI.clearedCookie])
            let home = try await site.get("/?notice=signed-out")
            #expect(home.body.contains(#"<p class="notice" role="status" id="notice">You have signed out.</p>"#))
            #expect(home.body.contains(#"<body data-location="/">"#))
            let unknown = try await site.get("/?notice=you+have+won")
            #expect(!unknown.body.contains("id=\"notice\""))
            #expect(!unknown.body.contains("you have won"))
        }
        #expect(api.requests.map(\.path) == ["/api/auth/logout"])
    }

    // After the session ended on another device, the page is that of an anonymous visitor.
    @Test func treatsInvalidCookieAsSignedOut() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/", cookie: "access_token=dead")
            #expect(page.status == 200)
            #expect(page.body.contains("id=\"nav-login\""))
        }
    }
}
