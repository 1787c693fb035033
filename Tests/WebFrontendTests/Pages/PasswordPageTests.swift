import FoundationEssentials
import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The page that changes the password.
@Suite struct PasswordPageTests {
    private static let form: KeyValuePairs = [
        "email": "ada@example.com", "current_password": "Correct-Horse-7", "password": "Battery-Staple-8",
        "password_confirmation": "Battery-Staple-8",
    ]
    private static let path = "POST /api/auth/password"
    private static let newCookie = "access_token=new; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"

    @Test func anonymousVisitorIsSentToSignInAndBack() async throws {
        try await TestSite.with { site in
            for page in [try await site.get("/account/password"), try await site.post("/account/password", Self.form)] {
                #expect(page.status == 303)
                #expect(page.location == "/login?return_to=%2Faccount%2Fpassword")
            }
        }
    }

    @Test func passwordManagersFindTheForm() async throws {
        try await TestSite.with { site in
            let known = try await site.get("/.well-known/change-password")
            #expect(known.status == 303 && known.location == "/account/password")
            // W3C, "Detecting the reliability of HTTP status codes".
            let absent = "resource-that-should-not-exist-whose-status-code-should-not-be-200"
            let other = try await site.get("/.well-known/\(absent)")
            #expect(other.status == 404)
            let page = try await site.get("/account/password", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200)
            for field in [
                #"name="email" type="email" autocomplete="username""#,
                #"name="current_password" type="password" autocomplete="current-password""#,
                #"name="password" type="password" autocomplete="new-password""#,
            ] { #expect(page.body.contains(field)) }
        }
    }

    @Test func changesPasswordAndForwardsCookie() async throws {
        let api = StubAuthAPI([
            Self.path: StubAuthAPI.signedIn { _ in try StubAuthAPI.json(StubAuthAPI.user, cookies: [Self.newCookie]) }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/password", Self.form, cookie: StubAuthAPI.cookie)
            #expect(page.status == 303)
            #expect(page.location == "/account?notice=password-changed")
            #expect(page.cookies == [Self.newCookie])
        }
        let sent = api.requests.first { $0.path == APIPath.password }
        #expect(sent?.fields == ["current_password": "Correct-Horse-7", "new_password": "Battery-Staple-8"])
    }

    // Another user has signed in in another tab since the form was shown.
    @Test func doesNotChangeThePasswordOfAnotherUser() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post(
                "/account/password",
                [
                    "email": "eve@example.com", "current_password": "Correct-Horse-7", "password": "Battery-Staple-8",
                    "password_confirmation": "Battery-Staple-8",
                ],
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 422)
            #expect(page.body.contains("This browser has since signed in to this other account."))
            #expect(page.body.contains(#"value="ada@example.com""#) && !page.body.contains("eve@example.com"))
        }
        #expect(!api.requests.contains { $0.path == APIPath.password })
    }

    // The form sends the domain in its ASCII form, as some browsers do.
    @Test func changesThePasswordOfAMigratedUserWithAnInternationalizedDomain() async throws {
        let user = UserBody(id: StubAuthAPI.user.id, email: "ada@bücher.example", name: "Ada", avatarURL: nil)
        let api = StubAuthAPI([
            "GET /api/auth/me": StubAuthAPI.signedIn { _ in try StubAuthAPI.json(user) },
            Self.path: StubAuthAPI.signedIn { _ in try StubAuthAPI.json(user, cookies: [Self.newCookie]) },
        ])
        try await TestSite.with(api) { site in
            for email in ["ada@bücher.example", "ada@xn--bcher-kva.example"] {
                let page = try await site.post(
                    "/account/password",
                    [
                        "email": email, "current_password": "Correct-Horse-7", "password": "Battery-Staple-8",
                        "password_confirmation": "Battery-Staple-8",
                    ],
                    cookie: StubAuthAPI.cookie
                )
                #expect(page.location == "/account?notice=password-changed")
            }
        }
    }

    @Test func reportsAllErrorsAtOnce() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post(
                "/account/password",
                ["current_password": "", "password": "ada", "password_confirmation": "x"],
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 422)
            for text in [
                "Enter your current password.", "Use at least 8 characters in the password.",
                "The passwords do not match.",
            ] { #expect(page.body.contains(text)) }
        }
        #expect(!api.requests.contains { $0.path == APIPath.password })
    }

    @Test(arguments: [
        (APIErrorCode.invalidFields, "This is not your password."),
        (.tooManyRequests, "Too many attempts. Please wait"),
        (.overloaded, "The service is busy right now."),
    ])
    func rejections(code: APIErrorCode, text: String) async throws {
        let api = StubAuthAPI([
            Self.path: { _ in
                let fault = FieldError(field: "current_password", code: .incorrect, detail: "D")
                return StubAuthAPI.problem(code, fields: code == .invalidFields ? [fault] : [])
            }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/password", Self.form, cookie: StubAuthAPI.cookie)
            #expect(page.status == code.status)
            #expect(page.body.contains(text))
            #expect(page.cookies.isEmpty)
            for secret in ["Correct-Horse-7", "Battery-Staple-8"] { #expect(!page.body.contains(secret)) }
        }
    }

    @Test func endedSessionRedirectsToSignIn() async throws {
        let api = StubAuthAPI([Self.path: { _ in StubAuthAPI.problem(.unauthenticated) }])
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/password", Self.form, cookie: StubAuthAPI.cookie)
            #expect(page.location == "/login?return_to=%2Faccount%2Fpassword&notice=session-over")
        }
    }

    /// N5: nginx limits every form with a password field.
    @Test func everyFormWithAPasswordIsLimited() throws {
        var actions: Set<String> = []
        let pages = try PageRenderer.embedded()
        for view in TemplateTests.views {
            let html = try pages.html(view, visitor: .signedIn(StubAuthAPI.user), in: .english)
            for form in html.components(separatedBy: "<form ").dropFirst() {
                let form = form.components(separatedBy: "</form>")[0]
                guard form.contains(#"type="password""#) else { continue }
                let action = form.components(separatedBy: #"action=""#)[1].prefix { $0 != "\"" }
                actions.insert(String(action))
            }
        }
        #expect(actions == Set(CredentialPath.pages))
    }
}
