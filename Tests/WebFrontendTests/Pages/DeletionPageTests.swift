import FoundationEssentials
import HTTPTypes
import Hummingbird
import Shared
import Testing

@testable import WebFrontend

/// The page that deletes the account, and signing in again at a provider instead of a password.
@Suite struct DeletionPageTests {
    private static func api(
        _ confirmation: ConfirmationBody,
        delete: @escaping StubAuthAPI.Handler = { _ in
            Response(status: .noContent, headers: [.setCookie: StubAuthAPI.clearedCookie])
        }
    ) -> StubAuthAPI {
        StubAuthAPI([
            "GET /api/auth/confirmation": StubAuthAPI.signedIn { _ in try StubAuthAPI.json(confirmation) },
            "POST /api/auth/delete": StubAuthAPI.signedIn(delete),
        ])
    }

    @Test func anonymousVisitorIsSentToSignInAndBack() async throws {
        try await TestSite.with { site in
            for page in [try await site.get("/account/delete"), try await site.post("/account/delete")] {
                #expect(page.location == "/login?return_to=%2Faccount%2Fdelete")
            }
        }
    }

    @Test func deletesAndForgetsEveryCookieOfThisSite() async throws {
        let api = Self.api(Confirmations.password)
        try await TestSite.with(api) { site in
            let mine = [
                "known_device", "oauth_connect", "oauth_address", "oauth_flow_0123456789abcdef", "language", "sent_on",
            ]
            let cookies = ([StubAuthAPI.cookie, "other=1", "oauth=2"] + mine.map { "\($0)=x" }).joined(separator: "; ")
            let page = try await site.post(
                "/account/delete",
                ["email": "ada@example.com", "password": "Correct-Horse-7"],
                cookie: cookies
            )
            #expect(page.status == 303 && page.location == "/?notice=account-deleted")
            let names = Set(page.cookies.map { String($0.prefix { $0 != "=" }) })
            #expect(names == Set(mine + ["access_token"]))
            #expect(page.cookies.allSatisfy { $0.contains("=; ") && $0.contains("Max-Age=0") })
            #expect(page["Clear-Site-Data"] == "\"cache\"")
            let home = try await site.get("/?notice=account-deleted")
            #expect(home.body.contains("Your account was deleted."))
        }
        let sent = api.requests.first { $0.path == APIPath.deletion }
        #expect(sent?.fields == ["email": "ada@example.com", "password": "Correct-Horse-7"])
    }

    // An application can be at the root of the site, so the sign-in page confirms the deletion, as it confirms a sign-out.
    @Test func besideAnApplicationTheSignInPageConfirms() async throws {
        let application = try TestSettings.all(["APP_UPSTREAM": "http://app:3000"]).application
        try await TestSite.with(Self.api(Confirmations.password), application: application) { site in
            let form: KeyValuePairs = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            let page = try await site.post("/account/delete", form, cookie: StubAuthAPI.cookie)
            #expect(page.location == "/login?notice=account-deleted")
            #expect(try await site.get("/login?notice=account-deleted").body.contains("Your account was deleted."))
            let signedOut = try await site.post("/logout", cookie: StubAuthAPI.cookie)
            #expect(signedOut.location == "/login?notice=signed-out")
        }
    }

    // W26: The typed address stays while the API is unavailable, also for its description of the user.
    @Test func keepsTheTypedAddressDuringAnOutage() async throws {
        let api = StubAuthAPI([
            "POST /api/auth/delete": { _ in StubAuthAPI.problem(.serviceUnavailable) },
            "GET /api/auth/me": { _ in StubAuthAPI.problem(.serviceUnavailable) },
            "GET /api/auth/confirmation": { _ in StubAuthAPI.problem(.serviceUnavailable) },
        ])
        try await TestSite.with(api) { site in
            let form: KeyValuePairs = ["email": "ada@example.com", "password": "Secret-No-1"]
            let page = try await site.post("/account/delete", form, cookie: StubAuthAPI.cookie)
            #expect(page.status == 503 && page.body.contains(#"value="ada@example.com""#))
            #expect(page.body.contains("The service is unavailable right now."))
            #expect(!page.body.contains("Secret-No-1"))
            let confirmed = try await site.post("/account/delete", ["email": "a"], cookie: StubAuthAPI.cookie)
            #expect(confirmed.status == 503 && !confirmed.body.contains(#"id="password""#))
            let switched: KeyValuePairs = ["email": "ada@example.com", "language": "ja"]
            let japanese = try await site.post("/account/delete", switched, cookie: StubAuthAPI.cookie)
            #expect(japanese.status == 200 && japanese.body.contains(#"value="ada@example.com""#))
        }
    }

    // W26: One failed request, as during a deployment, does not change the form.
    @Test func keepsTheFormAfterOneFailedRequest() async throws {
        let api = Self.api(Confirmations.recent) { _ in StubAuthAPI.problem(.serviceUnavailable) }
        try await TestSite.with(api) { site in
            let form: KeyValuePairs = ["email": "ada@example.com"]
            let page = try await site.post("/account/delete", form, cookie: StubAuthAPI.cookie)
            #expect(page.status == 503 && page.body.contains(#"value="ada@example.com""#))
            #expect(page.body.contains("data-signed-in") && !page.body.contains(#"id="password""#))
        }
    }

    @Test func overTLSOnlyCookiesWithThePrefixAreTheSites() async throws {
        let api = StubAuthAPI(["POST /api/auth/delete": { _ in Response(status: .noContent) }])
        try await TestSite.with(api, publicURL: "https://site.example") { site in
            let page = try await site.post(
                "/account/delete",
                ["email": "ada@example.com"],
                cookie: "__Host-access_token=live; __Host-oauth_flow_0123456789abcdef=x"
            )
            #expect(page.cookies.count == 2)
            #expect(page.cookies.allSatisfy { $0.hasPrefix("__Host-") && $0.hasSuffix("; Secure") })
        }
    }

    @Test func explainsDeletionAndAsksForConfirmation() async throws {
        for (confirmation, hasEmail, hasPassword, link) in [
            (Confirmations.password, true, true, false), (Confirmations.both, true, true, true),
            (Confirmations.provider, false, false, true), (Confirmations.recent, true, false, false),
            (Confirmations.none, false, false, false),
        ] {
            try await TestSite.with(Self.api(confirmation)) { site in
                let page = try await site.get("/account/delete", cookie: StubAuthAPI.cookie)
                #expect(page.status == 200)
                #expect(page.body.contains("This cannot be undone."))
                #expect(page.body.contains("A record of sign-ins and changes remains"))
                #expect(page.body.contains(#"name="email""#) == hasEmail)
                #expect(page.body.contains(#"name="password""#) == hasPassword)
                let start = "/api/auth/google?reauthenticate=google-ticket&amp;return_to=%2Faccount%2Fdelete"
                #expect(page.body.contains(start) == link)
                #expect(page.body.contains("None of your connected accounts") == (confirmation == Confirmations.none))
            }
        }
    }

    @Test(arguments: [
        ("email", FieldErrorCode.mismatch, "This is not the email address of your account."),
        ("password", .incorrect, "This is not your password."), ("password", .required, "Enter a password."),
    ])
    func showsRejections(field: String, code: FieldErrorCode, text: String) async throws {
        let api = Self.api(Confirmations.password) { _ in
            StubAuthAPI.problem(.invalidFields, fields: [FieldError(field: field, code: code, detail: "D")])
        }
        try await TestSite.with(api) { site in
            let page = try await site.post(
                "/account/delete",
                ["email": "eve@example.com", "password": "Wrong-Horse-7"],
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 422 && page.body.contains(text))
            #expect(page.body.contains(#"value="eve@example.com""#) && !page.body.contains("Wrong-Horse-7"))
            #expect(page.cookies.isEmpty)
        }
    }

    @Test func offersExpiredConfirmationAgain() async throws {
        let api = StubAuthAPI([
            "GET /api/auth/confirmation": { _ in try StubAuthAPI.json(Confirmations.recent) },
            "POST /api/auth/delete": { _ in StubAuthAPI.problem(.reauthenticationRequired) },
            "POST /api/auth/password": { _ in StubAuthAPI.problem(.reauthenticationRequired) },
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/delete", ["email": "a@b.de"], cookie: StubAuthAPI.cookie)
            #expect(page.location == "/account/delete")
            let password = try await site.post(
                "/account/password",
                ["password": "Battery-Staple-8", "password_confirmation": "Battery-Staple-8"],
                cookie: StubAuthAPI.cookie
            )
            #expect(password.location == "/account/password")
        }
        let sent = api.requests.first { $0.path == APIPath.password }
        #expect(sent?.fields == ["new_password": "Battery-Staple-8"])
    }

    @Test func firstPasswordRequiresASignInAtAProvider() async throws {
        for (confirmation, hasForm) in [(Confirmations.provider, false), (Confirmations.recent, true)] {
            try await TestSite.with(Self.api(confirmation)) { site in
                let page = try await site.get("/account/password", cookie: StubAuthAPI.cookie)
                #expect(page.body.contains("<h1>Set a password</h1>"))
                #expect(page.body.contains(#"name="password""#) == hasForm)
                #expect(!page.body.contains(#"name="current_password""#))
                #expect(page.body.contains("return_to=%2Faccount%2Fpassword") != hasForm)
            }
        }
    }

    @Test(arguments: [
        (OAuthFailure.notReauthenticated, "You were not asked to sign in again at Google."),
        (.identityDiffers, "with an account that is not connected to your account here"),
        (.identityTooNew, "less than 7 days ago"), (.accessDenied, "You did not grant access at Google"),
    ])
    func showsFailures(failure: OAuthFailure, text: String) async throws {
        try await TestSite.with(Self.api(Confirmations.provider)) { site in
            for path in ["/account/delete", "/account/password"] {
                let query = "?oauth_error=\(failure.rawValue)&provider=google"
                let page = try await site.get(path + query, cookie: StubAuthAPI.cookie)
                #expect(page.body.contains("Signing in again with Google did not work"))
                #expect(page.body.contains(text))
            }
        }
    }
}
