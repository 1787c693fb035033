import HTTPTypes
import Hummingbird
import Shared
import Testing

@testable import WebFrontend

/// Setting a new password with a one-time link.
@Suite struct RecoverPageTests {
    private static let code = "AbCdEfGhIjKlMnOpQrStUv"
    private static let good: KeyValuePairs = [
        "code": code, "password": "Correct-Horse-7", "password_confirmation": "Correct-Horse-7",
    ]

    @Test("Opening the page sends no request to the API, shows no code, and is not cached")
    func show() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.get("/recover")
            #expect(page.status == 200)
            #expect(page["Cache-Control"] == "no-store" && page["Referrer-Policy"] == "same-origin")
            #expect(page.body.contains(#"id="code" name="code" type="text" autocomplete="one-time-code""#))
            // The query of a link does not fill the form or change the page.
            let other = try await site.get("/recover?code=\(Self.code)", cookie: StubAuthAPI.cookie)
            #expect(other.body == page.body && other.cookies.isEmpty)
            let head = try await site.head("/recover")
            #expect(head.status == 200)
        }
        #expect(api.requests.isEmpty)
    }

    @Test("The form sends code and password to the API, and redirects to the sign-in page without signing in")
    func submit() async throws {
        let api = StubAuthAPI(["POST /api/auth/recover": { _ in Response(status: .noContent) }])
        try await TestSite.with(api) { site in
            let done = try await site.post("/recover", Self.good)
            #expect(done.status == 303 && done.location == "/login?notice=password-recovered" && done.cookies.isEmpty)
            let login = try await site.get("/login?notice=password-recovered")
            #expect(login.body.contains("Your new password is set. Sign in with it."))
            // Another user can be signed in in this browser.
            let other = try await site.get("/login?notice=password-recovered", cookie: StubAuthAPI.cookie)
            #expect(other.status == 200 && other.body.contains("Your new password is set. Sign in with it."))
            #expect(other.body.contains("You are signed in as <bdi>ada@example.com</bdi>."))
        }
        #expect(api.requests.first?.fields == ["code": Self.code, "password": "Correct-Horse-7"])
    }

    @Test("A violated rule is shown at the field without a request to the API; the code stays in the form")
    func faults() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/recover", ["code": " ", "password": "x", "password_confirmation": "y"])
            #expect(page.status == 422 && page["Referrer-Policy"] == "same-origin")
            for text in ["Enter the code from your link.", "Use at least 8 characters in the password."] {
                #expect(page.body.contains(text))
            }
            let invisible = try await site.post("/recover", ["code": "\u{200B}\u{3000}", "password": "x"])
            #expect(invisible.body.contains("Enter the code from your link."))
            let typed = try await site.post("/recover", ["code": Self.code, "password": "x"])
            #expect(typed.body.contains("value=\"\(Self.code)\""))
            let language = try await site.post("/recover", ["code": Self.code, "language": "ja"])
            #expect(language.body.contains("パスワードの再設定") && language.body.contains("value=\"\(Self.code)\""))
        }
        #expect(api.requests.isEmpty)
    }

    @Test("An invalid code is reported in both languages, with its status")
    func invalid() async throws {
        let api = StubAuthAPI(["POST /api/auth/recover": { _ in StubAuthAPI.problem(.invalidRecoveryCode) }])
        try await TestSite.with(api) { site in
            let page = try await site.post("/recover", Self.good)
            #expect(page.status == 403 && page.body.contains("This link is not valid."))
            #expect(!page.body.contains("Correct-Horse-7"))
            let other = try await site.post("/recover", Self.good, headers: ["Accept-Language": "ja"])
            #expect(other.body.contains("このリンクは使えません。"))
        }
    }

    /// Browsers send `Sec-Fetch-Site` to https and localhost only, and the policy of the page keeps `Origin` in forms.
    @Test("The form works on a site over http, where browsers identify the page by Origin only")
    func overHTTP() async throws {
        let api = StubAuthAPI(["POST /api/auth/recover": { _ in Response(status: .noContent) }])
        try await TestSite.with(api, publicURL: "http://auth.example.com") { site in
            let page = try await site.get("/recover")
            #expect(page["Referrer-Policy"] == "same-origin")
            let done = try await site.post("/recover", Self.good, headers: ["Origin": "http://auth.example.com"])
            #expect(done.status == 303 && done.location == "/login?notice=password-recovered")
            for origin in ["null", "http://evil.example.com"] {
                let rejected = try await site.post("/recover", Self.good, headers: ["Origin": origin])
                #expect(rejected.status == 403)
            }
        }
        #expect(api.requests.count == 1)
    }

    @Test("Another site cannot send the form")
    func crossSite() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/recover", Self.good, headers: ["Sec-Fetch-Site": "cross-site"])
            #expect(page.status == 403)
        }
        #expect(api.requests.isEmpty)
    }
}
