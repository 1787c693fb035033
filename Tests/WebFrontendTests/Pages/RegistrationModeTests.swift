import Shared
import Testing

@testable import WebFrontend

/// The pages of a site with restricted registration.
@Suite struct RegistrationModeTests {
    private static let code = "AbCdEfGhIjKlMnOpQrStUv"
    /// With a code, one byte less than the longest text.
    private static let padding = String(repeating: "\u{200B}", count: 675)
    private static let good: KeyValuePairs = [
        "name": "Ada Lovelace", "email": "ada@example.com", "password": "Correct-Horse-7",
        "password_confirmation": "Correct-Horse-7", "invite": code,
    ]

    @Test("Closed: the page says so in both languages, no page links to it, and no request is sent to the API")
    func closed() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, registration: RegistrationSettings(mode: .closed)) { site in
            let page = try await site.get("/register")
            #expect(page.status == 200)
            #expect(page.body.contains("<h1>Registration is closed</h1>"))
            #expect(!page.body.contains("<input id=") && page.body.contains(#"href="/login" id="to-login""#))
            let japanese = try await site.get("/register", headers: ["Accept-Language": "ja"])
            #expect(japanese.body.contains("<h1>新規登録は受け付けていません</h1>"))
            for path in ["/", "/login", "/register", "/nothing"] {
                let body = try await site.get(path).body
                #expect(!body.contains(#"href="/register"#), "\(path)")
            }
            let posted = try await site.post("/register", Self.good)
            #expect(posted.status == 403)
            #expect(posted.body.contains("<h1>Registration is closed</h1>"))
        }
        #expect(api.requests.isEmpty)
    }

    @Test("Invite: the form requires the code and sends it to the API; without it, no request is sent")
    func invite() async throws {
        let api = StubAuthAPI()
        let settings = RegistrationSettings(mode: .invite, domains: ["example.com", "example.org"])
        try await TestSite.with(api, registration: settings) { site in
            let page = try await site.get("/register")
            #expect(page.body.contains(#"id="invite" name="invite" type="text" autocomplete="one-time-code""#))
            #expect(page.body.contains("example.com, example.org"))
            let missing = try await site.post("/register", ["name": "Ada", "email": "ada@example.com"])
            #expect(missing.status == 422)
            #expect(missing.body.contains(##"<a href="#invite">Enter your invitation code."##))
            #expect(api.requests.isEmpty)
            let done = try await site.post("/register", Self.good)
            #expect(done.status == 303)
            #expect(api.requests.last?.fields["invite"] == Self.code)
        }
    }

    @Test("Open: no code is requested, and one that is sent is ignored")
    func open() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.get("/register")
            #expect(!page.body.contains("invite"))
            let done = try await site.post("/register", Self.good)
            #expect(done.status == 303)
            #expect(api.requests.last?.fields["invite"] == nil)
        }
    }

    @Test(
        "Errors of the API for the invitation or the domain are shown at the field, in both languages",
        arguments: [
            ("invite", FieldErrorCode.invalidInvite, "This invitation is not valid.", "この招待は使えません。"),
            ("email", .domainNotAllowed, "Addresses of this domain cannot", "このドメインのメールアドレスでは登録できません。"),
        ]
    )
    func faults(field: String, code: FieldErrorCode, english: String, japanese: String) async throws {
        let fault = FieldError(field: field, code: code, detail: "")
        let api = StubAuthAPI(["POST /api/auth/register": { _ in StubAuthAPI.problem(.invalidFields, fields: [fault]) }]
        )
        try await TestSite.with(api, registration: RegistrationSettings(mode: .invite)) { site in
            let page = try await site.post("/register", Self.good)
            #expect(page.status == 422 && page.body.contains("<a href=\"#\(field)\">\(english)"))
            #expect(page.body.contains("value=\"\(Self.code)\"") && !page.body.contains("Correct-Horse-7"))
            let other = try await site.post("/register", Self.good, headers: ["Accept-Language": "ja"])
            #expect(other.body.contains(japanese))
        }
    }

    @Test("A provider's button stores the code in a cookie, and the next page leads to the provider")
    func provider() async throws {
        let api = StubAuthAPI()
        let settings = RegistrationSettings(mode: .invite)
        try await TestSite.with(api, providers: [.google, .discord], registration: settings) { site in
            let page = try await site.get("/register")
            let button =
                #"<button class="button button-google" id="continue-google" form="register-form" name="provider""#
            #expect(page.body.contains(button) && !page.body.contains("/api/auth/google"))
            let link = "http://localhost:8080/register#invite=\(Self.code)"
            let posted = try await site.post(
                "/register",
                ["invite": link, "provider": "google", "return_to": "/account"]
            )
            #expect(posted.status == 303)
            #expect(posted.location == "/register?provider=google&return_to=%2Faccount")
            let cookie = "registration_invite=\(Self.code); Max-Age=600; Path=/; HttpOnly; SameSite=Lax"
            #expect(posted.cookies == [cookie])
            let offer = try await site.get("/register?provider=google&return_to=%2Faccount")
            #expect(offer.body.contains(#"id="continue-google" href="/api/auth/google?return_to=%2Faccount""#))
            // A reload or another language leads to the same page.
            let here = "/register?provider=google&amp;return_to=%2Faccount"
            #expect(offer.body.contains("data-location=\"\(here)\"") && offer.body.contains("value=\"\(here)\""))
            for bad in ["", "short", Self.code + ";", String(repeating: "é", count: 11)] {
                let rejected = try await site.post("/register", ["invite": bad, "provider": "google"])
                #expect(rejected.status == 422 && rejected.cookies.isEmpty)
            }
        }
        #expect(api.requests.isEmpty)
    }

    @Test(
        "W20: A typed or pasted code or link is cleaned like an email address",
        arguments: [
            "\(code)", "\(code)\u{200B}", "\u{FEFF}\(code)", "AbCdEfGhIjKl\u{2060}MnOpQrStUv",
            "\u{3000}\(code)\u{00A0}\r\n", "ＡｂＣｄＥｆＧｈＩｊＫｌＭｎＯｐＱｒＳｔＵｖ", "＝\(code)", "\(code)\(padding)",
            "<https://auth.example.com/register#invite=\(code)>",
            "＜https://auth.example.com/register＃invite＝\(code)＞\u{200B}",
        ]
    )
    func cleaned(text: String) {
        let cookie = "registration_invite=\(Self.code); Max-Age=600; Path=/; HttpOnly; SameSite=Lax"
        #expect(InviteCode.cookie(text, SiteCookies(publicURL: .localhost)) == cookie)
    }

    @Test(
        "W20: Cleaning accepts nothing else, and no text that is too long",
        arguments: [
            "", "<", "<>", "=", "<\(code)", "\(code)>", "<<\(code)>>", "\(code).", "AbCdEfGhIjKl MnOpQrStUv",
            "AbCdEfGhIjKl\u{2212}nOpQrStUv", "\(code)\u{3000}x", "\(code)\(padding)\u{200B}",
        ]
    )
    func notCleaned(text: String) { #expect(InviteCode.cookie(text, SiteCookies(publicURL: .localhost)) == nil) }

    @Test("W20: A code of invisible characters only is missing")
    func missing() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, registration: RegistrationSettings(mode: .invite)) { site in
            let page = try await site.post("/register", ["invite": "\u{200B}\u{FEFF} "])
            #expect(page.status == 422 && page.body.contains("Enter your invitation code."))
        }
        #expect(api.requests.isEmpty)
    }

    @Test("Over TLS, the cookie of the code has the prefix that other hosts cannot set")
    func secure() async throws {
        let settings = RegistrationSettings(mode: .invite)
        try await TestSite.with(publicURL: "https://example.com", providers: [.google], registration: settings) {
            site in
            let posted = try await site.post("/register", ["invite": Self.code, "provider": "google"])
            #expect(posted.cookies.first?.hasPrefix("__Host-registration_invite=\(Self.code);") == true)
            #expect(posted.cookies.first?.hasSuffix("; Secure") == true)
        }
    }
}
