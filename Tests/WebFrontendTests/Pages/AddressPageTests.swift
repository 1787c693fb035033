import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The page that asks for the email address of a new account (requirement A12).
@Suite struct AddressPageTests {
    private static let path = "/register/address?provider=discord&return_to=%2Faccount"
    private static let posted: KeyValuePairs = [
        "email": "eve@example.com", "provider": "discord", "return_to": "/account",
    ]

    // The content of the page comes from the cookie, not from its URL. W24: The provider may have verified an address
    // that is invalid here.
    @Test func asksForAddressOfPendingAccount() async throws {
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get(
                "\(Self.path)&email=evil@example.com&name=Evil",
                cookie: "theme=dark; \(StubAuthAPI.pendingAddressCookie)"
            )
            #expect(page.status == 200)
            #expect(page.body.contains("<h1>Enter your email address</h1>"))
            #expect(page.body.contains("Discord did not share a verified email address that can be used here."))
            #expect(page.body.contains("Account at Discord: <bdi>&lt;Ada&gt;</bdi>"))
            #expect(page.body.contains(#"value="ada@example.com""#))
            #expect(page.body.contains(#"method="post" action="/register/address" id="address-form""#))
            #expect(page.body.contains(#"name="provider" value="discord""#))
            #expect(page.body.contains(#"name="return_to" value="/account""#))
            #expect(page.body.contains(#"href="/login?return_to=%2Faccount" id="to-login""#))
            #expect(page.body.contains(#"data-location="/register/address?provider=discord&amp;return_to=%2Faccount""#))
            #expect(!page.body.contains("evil@") && !page.body.contains("Evil"))
            #expect(!page.body.contains(#"name="invite""#) && !page.body.contains(#"type="password""#))
            let japanese = try await site.get(
                Self.path,
                cookie: StubAuthAPI.pendingAddressCookie,
                headers: ["Accept-Language": "ja"]
            )
            #expect(japanese.body.contains("<h1>メールアドレスの入力</h1>"))
            #expect(japanese.body.contains("Discordから、ここで使用できる確認済みのメールアドレスを取得できませんでした。"))
        }
    }

    @Test func addressCreatesTheAccount() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, providers: [.discord]) { site in
            let page = try await site.post("/register/address", Self.posted, cookie: StubAuthAPI.pendingAddressCookie)
            #expect(page.status == 303)
            #expect(page.location == "/signed-in?return_to=%2Faccount")
            #expect(page.cookies == [StubAuthAPI.setCookie, StubAuthAPI.clearedPendingAddressCookie])
        }
        #expect(api.requests.map(\.fields) == [["email": "eve@example.com"]])
        #expect(api.requests.first?.headers[.cookie] == StubAuthAPI.pendingAddressCookie)
    }

    // F7: The form keeps what was typed.
    @Test(arguments: [
        ("", "Enter your email address."), ("ada", "The “@” is missing."),
        ("a@b", "must be a whole domain"),
    ])
    func invalidAddressIsShownAgain(email: String, message: String) async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, providers: [.discord]) { site in
            let page = try await site.post(
                "/register/address",
                ["email": email, "provider": "discord"],
                cookie: StubAuthAPI.pendingAddressCookie
            )
            #expect(page.status == 422)
            #expect(page.body.contains(message) && page.body.contains("error-summary"))
            #expect(page.body.contains("Account at Discord: <bdi>&lt;Ada&gt;</bdi>"))
            #expect(page.body.contains("value=\"\(email)\"") == !email.isEmpty)
        }
        #expect(api.requests.allSatisfy { $0.method == .get })
    }

    @Test(arguments: [
        (APIErrorCode.emailTaken, "An account with this email address already exists."),
        (.registrationClosed, "This site does not accept new accounts"), (.tooManyRequests, "2 minutes"),
        (.serviceUnavailable, "error-summary"), (.invalidFields, #"id="invite" name="invite""#),
    ])
    func rejectionIsShown(code: APIErrorCode, text: String) async throws {
        let invite = FieldError(field: "invite", code: .invalidInvite, detail: "")
        let api = StubAuthAPI([
            "POST /api/auth/address": { _ in
                StubAuthAPI.problem(code, fields: code == .invalidFields ? [invite] : [], retryAfter: 90)
            }
        ])
        try await TestSite.with(api, providers: [.discord]) { site in
            let page = try await site.post("/register/address", Self.posted, cookie: StubAuthAPI.pendingAddressCookie)
            #expect(page.status == code.status)
            #expect(page.body.contains(text))
            #expect(page.body.contains(#"value="eve@example.com""#))
            #expect(page.cookies.isEmpty)
        }
    }

    // F8
    @Test func keepsFormWhenAPIIsUnavailable() async throws {
        try await TestSite.with(apiURL: TestSite.abandonedAddress()) { site in
            let page = try await site.post("/register/address", Self.posted, cookie: StubAuthAPI.pendingAddressCookie)
            #expect(page.status == 503)
            #expect(page.body.contains(#"value="eve@example.com""#))
            #expect(page.body.contains("Discord did not share a verified email address"))
        }
    }

    // Expired, in another browser, or completed in another tab: the sign-in page explains it, or redirects.
    @Test(arguments: ["", "oauth_address=stale", StubAuthAPI.cookie])
    func missingPendingAccountIsExplained(cookie: String) async throws {
        let over = "/login?oauth_error=flow_expired&provider=discord&return_to=%2Faccount"
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get(Self.path, cookie: cookie)
            #expect(page.status == 303 && page.location == over)
            let sent = try await site.post("/register/address", Self.posted, cookie: cookie)
            #expect(sent.status == 303 && sent.location == over)
            let language = try await site.post(
                "/register/address",
                ["email": "eve@example.com", "provider": "evil!", "return_to": "//evil", "language": "ja"],
                cookie: cookie
            )
            #expect(language.location == "/login?oauth_error=flow_expired")
        }
    }

    @Test func languageKeepsTheTypedAddress() async throws {
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.post(
                "/register/address",
                ["email": "eve@", "provider": "discord", "language": "ja"],
                cookie: StubAuthAPI.pendingAddressCookie
            )
            #expect(page.status == 200)
            #expect(page.body.contains("<h1>メールアドレスの入力</h1>") && page.body.contains(#"value="eve@""#))
        }
    }

    @Test func warnsSignedInUserThatSessionEnds() async throws {
        try await TestSite.with(providers: [.discord]) { site in
            let cookie = "\(StubAuthAPI.cookie); \(StubAuthAPI.pendingAddressCookie)"
            let page = try await site.get(Self.path, cookie: cookie)
            #expect(page.status == 200)
            #expect(page.body.contains("You are signed in as <bdi>ada@example.com</bdi>. Signing in again ends"))
            // Also when the form is shown again, which stays the page of a signed-in user.
            for (language, status) in [("", 422), ("ja", 200)] {
                let again = try await site.post(
                    "/register/address",
                    ["email": "eve@", "provider": "discord", "language": language],
                    cookie: "\(StubAuthAPI.cookie); \(StubAuthAPI.pendingAddressCookie)"
                )
                #expect(again.status == status && again.body.contains(#"class="already""#))
                #expect(again.body.contains("<bdi>ada@example.com</bdi>") && again.body.contains(" data-signed-in"))
            }
        }
    }

    @Test func rejectsCrossSiteForm() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, providers: [.discord]) { site in
            let page = try await site.post(
                "/register/address",
                Self.posted,
                cookie: StubAuthAPI.pendingAddressCookie,
                headers: ["Sec-Fetch-Site": "cross-site"]
            )
            #expect(page.status == 403)
        }
        #expect(api.requests.isEmpty)
    }
}
