import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// W21: A visitor is never redirected in a loop, whatever cookies another application has set.
@Suite struct ForeignCookieTests {
    /// An API that accepts neither of two different cookies, like the real one.
    private let api = StubAuthAPI([
        "GET /api/auth/me": { request in
            let isAlone = request.has("access_token=live") && !request.has("access_token=foreign")
            return isAlone ? try StubAuthAPI.json(StubAuthAPI.user) : StubAuthAPI.problem(.unauthenticated)
        }
    ])

    // W21: Both orders, on pages and on forms of the account page.
    @Test(arguments: ["access_token=foreign; access_token=live", "access_token=live; access_token=foreign"])
    func anotherCookieIsExplained(cookies: String) async throws {
        try await TestSite.with(api) { site in
            let page = try await site.get("/account", cookie: cookies)
            #expect(page.status == 400)
            #expect(page.location == nil)
            #expect(page.body.contains("another cookie named “<code translate=\"no\">access_token</code>”"))
            #expect(page.body.contains("<a class=\"button button-main\" href=\"/account\">Try again</a>"))
            let arrived = try await site.get("/signed-in?return_to=/account", cookie: cookies)
            #expect(arrived.status == 400)
            let japanese = try await site.get("/account", cookie: cookies, headers: ["Accept-Language": "ja"])
            #expect(japanese.body.contains("「<code translate=\"no\">access_token</code>」という同じ名前のCookie"))
        }
    }

    // W21: The same cookie twice is no conflict, and neither is a cookie whose name only begins like it. Tabs and spaces
    // between cookies are ignored, as in the API.
    @Test(arguments: [
        "access_token=live; access_token=live", "access_token=live; access_token2=x; my_access_token=y",
        "a=1;\taccess_token=live", "access_token=live\t ;b=2; access_token=live",
    ])
    func sameCookieTwiceIsNoConflict(cookies: String) async throws {
        try await TestSite.with(api) { site in
            let page = try await site.get("/", cookie: cookies)
            #expect(page.body.contains("Ada Lovelace"))
        }
    }

    // W21: A session that only the sign-in page sees, so that it redirects and the other page redirects back.
    @Test func breaksRedirectLoop() async throws {
        try await TestSite.with(api) { site in
            let sent = try await site.get("/account")
            #expect(sent.location == "/login?return_to=%2Faccount")
            let back = try await site.get("/login?return_to=%2Faccount", cookie: StubAuthAPI.cookie)
            #expect(back.status == 303 && back.location == "/account")
            #expect(back.cookies == ["sent_on=1; Max-Age=5; Path=/; HttpOnly; SameSite=Lax"])
            for cookies in ["sent_on=1", "sent_on=1; access_token=foreign"] {
                let page = try await site.get("/account", cookie: cookies)
                #expect(page.status == 400)
                #expect(page.body.contains("another cookie named “<code translate=\"no\">access_token</code>”"))
            }
        }
    }

    // W21: Signing out right after a redirect does not look like a loop.
    @Test func signingOutForgetsTheRedirect() async throws {
        try await TestSite.with(api) { site in
            let page = try await site.post("/logout", cookie: "\(StubAuthAPI.cookie); sent_on=1")
            #expect(page.cookies.contains("sent_on=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"))
            #expect(try await site.post("/logout", cookie: StubAuthAPI.cookie).cookies == [StubAuthAPI.clearedCookie])
        }
    }

    // W21: Over TLS, the plain cookie of a sibling domain is ignored, and there is no redirect loop.
    @Test func overTLSOnlyThePrefixedCookieCounts() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, publicURL: "https://site.example") { site in
            let page = try await site.get("/account", cookie: "access_token=foreign")
            #expect(page.location == "/login?return_to=%2Faccount")
            #expect(api.requests.isEmpty)
            let form = try await site.get("/login", cookie: "access_token=foreign")
            #expect(form.status == 200)
            let two = try await site.get("/account", cookie: "__Host-access_token=a; __Host-access_token=b")
            #expect(two.status == 400)
            #expect(two.body.contains("another cookie named “<code translate=\"no\">__Host-access_token</code>”"))
        }
    }
}
