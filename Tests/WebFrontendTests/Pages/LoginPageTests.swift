import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The sign-in form (requirements F1, F4, F5, F7).
@Suite struct LoginPageTests {
    // F1
    @Test func formHasItsFieldsAndLeadsToRegister() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login")
            #expect(page.status == 200)
            #expect(page.body.contains(#"<form class="form" method="post" action="/login""#))
            #expect(page.body.contains(#"name="email" type="email" autocomplete="username" inputmode="email""#))
            #expect(page.body.contains(#"name="password" type="password" autocomplete="current-password""#))
            #expect(page.body.contains(#"href="/register" id="to-register""#))
            #expect(!page.body.contains("/api/auth/google"))
            #expect(!page.body.contains("error-summary"))
        }
    }

    // F1: An enabled provider has a button with the return path.
    @Test func buttonsOfConfiguredProviders() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get("/login?return_to=/account")
            #expect(page.body.contains(#"href="/api/auth/google?return_to=%2Faccount""#))
            #expect(!page.body.contains("/api/auth/discord"))
        }
    }

    // F7: 303 with the API's cookie, unchanged.
    @Test func forwardsSessionCookieOnSignIn() async throws {
        try await TestSite.with { site in
            let page = try await site.post("/login", ["email": "ada@example.com", "password": "Correct-Horse-7"])
            #expect(page.status == 303)
            #expect(page.location == "/signed-in")
            #expect(page.cookies == [StubAuthAPI.setCookie])
            let next = try await site.get("/signed-in", cookie: StubAuthAPI.cookie)
            #expect(next.status == 303)
            #expect(next.location == "/")
        }
    }

    // F4: Invalid and repeated fields of a link do not matter, as long as the page does not need them.
    @Test(arguments: ["utm=%E9", "utm=1&utm=2", String(repeating: "n", count: 65) + "=1", "a&b"])
    func otherFieldsDoNotMatter(fields: String) async throws {
        try await TestSite.with { site in
            for query in ["\(fields)&return_to=/account", "return_to=/account&\(fields)"] {
                let page = try await site.get("/login?\(query)")
                #expect(page.status == 200 && page.body.contains(#"name="return_to" value="/account""#))
            }
            let ambiguous = try await site.get("/login?return_to=/account&return_to=/&\(fields)")
            #expect(ambiguous.status == 200 && !ambiguous.body.contains(#"value="/account""#))
        }
    }

    // F4: The visitor returns to the requested page, through every step.
    @Test func returnPathIsCarried() async throws {
        try await TestSite.with { site in
            let form = try await site.get("/login?return_to=/account%3Ftab=1")
            #expect(form.body.contains(#"<input type="hidden" name="return_to" value="/account?tab=1">"#))
            #expect(form.body.contains(#"href="/register?return_to=%2Faccount%3Ftab%3D1""#))
            let failed = try await site.post(
                "/login",
                ["email": "ada@example.com", "password": "wrong", "return_to": "/account"]
            )
            #expect(failed.body.contains(#"name="return_to" value="/account""#))
            let done = try await site.post(
                "/login",
                ["email": "ada@example.com", "password": "Correct-Horse-7", "return_to": "/account"]
            )
            #expect(done.location == "/signed-in?return_to=%2Faccount")
            let arrived = try await site.get("/signed-in?return_to=%2Faccount", cookie: StubAuthAPI.cookie)
            #expect(arrived.location == "/account")
        }
    }

    // F4: Never an address of another site, in any spelling.
    @Test(arguments: [
        "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "javascript:alert(1)",
        "/\u{9}/evil.example", "/\u{A}/evil.example", "/%2F/evil.example", "/%5Cevil.example", "/..//evil.example",
        "evil",
        "", "/a\u{0}b", "/é",
    ])
    func returnPathsElsewhereAreDropped(target: String) async throws {
        try await TestSite.with { site in
            let query = target.percentEncoded
            let form = try await site.get("/login?return_to=\(query)")
            #expect(form.status == 200)
            #expect(form.body.split(separator: "</main>").first?.contains("name=\"return_to\"") == false)
            let done = try await site.post(
                "/login",
                ["email": "ada@example.com", "password": "Correct-Horse-7", "return_to": target]
            )
            #expect(done.location == "/signed-in")
            let arrived = try await site.get("/signed-in?return_to=\(query)", cookie: StubAuthAPI.cookie)
            #expect(arrived.location == "/")
            let again = try await site.get("/login?return_to=\(query)", cookie: StubAuthAPI.cookie)
            #expect(again.location == "/")
        }
    }

    // A12: Signed-in users get the form too, because a link needs a recent sign-in.
    @Test func signingInAgainIsPossible() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let query = "oauth_error=sign_in_again&provider=google&return_to=%2Faccount"
            let page = try await site.get("/login?\(query)", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200)
            #expect(page.body.contains("sign in again first"))
            #expect(page.body.contains("value=\"ada@example.com\""))
            #expect(page.body.contains(#"name="return_to" value="/account""#))
            #expect(page.body.contains(#"id="continue-google""#))
            #expect(!page.body.contains("oauth-retry"))
        }
    }

    // F7: 401; the form keeps the email address, not the password.
    @Test func wrongPasswordKeepsTheAddress() async throws {
        try await TestSite.with { site in
            let page = try await site.post("/login", ["email": "ada@example.com", "password": "Secret-No-1"])
            #expect(page.status == 401)
            #expect(page.body.contains(#"value="ada@example.com""#))
            #expect(!page.body.contains("Secret-No-1"))
            #expect(page.body.contains(#"id="error-summary" role="group" tabindex="-1" autofocus"#))
            #expect(page.body.contains("The email address or the password is wrong."))
            #expect(page.body.contains("<title>Error: Sign in · yoshikosan</title>"))
            #expect(page.cookies.isEmpty)
        }
    }

    // F7: 422 with an error beside each field and a link to it, without a request to the API.
    @Test func emptyFieldsAreNamed() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/login")
            #expect(page.status == 422)
            #expect(page.body.contains(##"<a href="#email">Enter your email address.</a>"##))
            #expect(page.body.contains(##"<a href="#password">Enter a password.</a>"##))
            #expect(page.body.contains(#"aria-describedby="email-error" aria-invalid="true""#))
            #expect(page.body.contains(#"<p class="field-error" id="password-error"><span"#))
        }
        #expect(api.requests.isEmpty)
    }

    // F7
    @Test func tooManyAttemptsShowTheWaitingTime() async throws {
        let api = StubAuthAPI([
            "POST /api/auth/login": { _ in StubAuthAPI.problem(.tooManyRequests, retryAfter: 90) }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/login", ["email": "ada@example.com", "password": "Correct-Horse-7"])
            #expect(page.status == 429)
            #expect(page["Retry-After"] == "90")
            #expect(page.body.contains("Try again in 2 minutes."))
            #expect(page.body.contains(#"value="ada@example.com""#))
        }
    }

    // F7, F8: Typed values are kept if the API is unavailable; the form is not sent again automatically.
    @Test(arguments: [APIErrorCode.overloaded, .serviceUnavailable])
    func busyServiceKeepsTheForm(code: APIErrorCode) async throws {
        let api = StubAuthAPI(["POST /api/auth/login": { _ in StubAuthAPI.problem(code, retryAfter: 1) }])
        try await TestSite.with(api) { site in
            let page = try await site.post("/login", ["email": "ada@example.com", "password": "Correct-Horse-7"])
            #expect(page.status == 503)
            #expect(page["Retry-After"] == "1")
            #expect(page["Refresh"] == nil)
            #expect(page.body.contains(#"value="ada@example.com""#))
            #expect(page.body.contains("Try again in 1 second."))
        }
    }

    @Test func redirectsSignedInVisitor() async throws {
        try await TestSite.with { site in
            let home = try await site.get("/login", cookie: StubAuthAPI.cookie)
            #expect(home.status == 303)
            #expect(home.location == "/")
            let account = try await site.get("/login?return_to=/account", cookie: StubAuthAPI.cookie)
            #expect(account.location == "/account")
        }
    }

    @Test func invalidCookieShowsTheForm() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?notice=session-over", cookie: "access_token=dead")
            #expect(page.status == 200)
            #expect(page.body.contains("Your session has ended. Please sign in again."))
        }
    }

    // A browser that rejects cookies gets an explanation, and no redirect loop.
    @Test func explainsRejectedCookies() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/signed-in?return_to=%2Faccount")
            #expect(page.status == 200)
            #expect(page.body.contains("Your browser did not keep the cookie"))
            #expect(page.body.contains(#"name="return_to" value="/account""#))
        }
    }

    @Test("N4: A failed form is compressed for clients that accept it; nginx compresses only other statuses")
    func failedFormsAreCompressed() async throws {
        try await TestSite.with { site in
            let form: KeyValuePairs = ["email": "", "password": ""]
            let plain = try await site.post("/login", form)
            #expect(plain.status == 422 && plain["Content-Encoding"] == nil && plain.body.contains("</html>"))
            let short = try await site.post("/login", form, headers: ["Accept-Encoding": "br, gzip"])
            #expect(short.status == 422 && short["Content-Encoding"] == "gzip")
            for page in [plain, short] { #expect(page["Vary"] == "Accept-Language, Cookie, Accept-Encoding") }
            let length = try #require(short["Content-Length"].flatMap { Int($0) })
            #expect(length * 2 < plain.body.utf8.count)
            // nginx compresses those.
            let shown = try await site.get("/login", headers: ["Accept-Encoding": "gzip"])
            #expect(shown.status == 200 && shown["Content-Encoding"] == nil)
        }
    }
}
