import Foundation
import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// W20, W26: Typed values are cleaned, validated, and kept.
@Suite struct TypedFormTests {
    private struct Row: Decodable {
        let typed: String
        let cleaned: String
        let address: String?
        let fault: String?
        let form: Bool?
    }

    private func rows() throws -> [Row] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Support/email_addresses.json").standardized
        return try JSONDecoder().decode([Row].self, from: Data(contentsOf: file))
    }

    // W20: The frontend sends the address that it shows to the API, cleaned as in the table for form and API.
    @Test func addressesAreCleaned() async throws {
        let rows = try rows().filter { $0.form != false }
        let api = StubAuthAPI([
            "POST /api/auth/login": { _ in
                StubAuthAPI.problem(
                    .invalidFields,
                    fields: [FieldError(field: "email", code: .invalidEmail, detail: "")]
                )
            }
        ])
        try await TestSite.with(api) { site in
            let texts = try Translations.embedded()[.english]
            for row in rows {
                let page = try await site.post("/login", ["email": row.typed, "password": "Correct-Horse-7"])
                let value = "value=\"\(row.cleaned.escapedForHTML)\""
                #expect(page.body.contains(value), "\(row.typed.debugDescription)")
                guard let name = row.fault, let fault = EmailAddress.Fault(rawValue: name) else { continue }
                #expect(page.body.contains(texts[fault.text].escapedForHTML))
                let form = try await site.post(
                    "/register",
                    ["name": "Ada", "email": row.typed, "password": "a", "password_confirmation": "a"]
                )
                #expect(form.status == 422)
                #expect(form.body.contains(texts[fault.text].escapedForHTML))
                #expect(form.body.contains(value))
            }
        }
        let sent = api.requests.filter { $0.path == APIPath.login }.map { $0.fields["email"] ?? "" }
        #expect(sent.map { Array($0.utf8) } == rows.map { Array($0.cleaned.utf8) })
    }

    // W20: Only Chromium sends an internationalized domain in its ASCII form.
    @Test(arguments: [
        ("yoshi@例え.jp", "yoshi@xn--r8jz45g.jp"), ("ｙｏｓｈｉ＠例え。ｊｐ", "yoshi@xn--r8jz45g.jp"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"), ("ada@bu\u{308}cher.example", "ada@xn--bcher-kva.example"),
        ("ada@exam、ple.jp", "ada@exam、ple.jp"), ("ada@例え.jp@例え.jp", "ada@例え.jp@例え.jp"),
    ])
    func domainsAreConverted(typed: String, address: String) {
        #expect(Array(Form(["email": typed])[.email].utf8) == Array(address.utf8))
    }

    // W20: Users cannot see the tab of a spreadsheet, or the marks that phones copy with a name.
    @Test func namesAreCleaned() async throws {
        let api = StubAuthAPI([
            "POST /api/auth/name": StubAuthAPI.signedIn { _ in try StubAuthAPI.json(StubAuthAPI.user) }
        ])
        try await TestSite.with(api) { site in
            let typed = "\u{2068}Ada\u{2069}\t\u{202A}Lovelace\u{202C}"
            _ = try await site.post("/account/name", ["name": typed], cookie: StubAuthAPI.cookie)
        }
        #expect(api.requests.first { $0.path == APIPath.name }?.fields == ["name": "Ada Lovelace"])
        #expect(DisplayName.cleaned("a\u{202E}b\u{202D}\n").unicodeScalars.count == 5)
    }

    // W20: An address of invisible characters only is missing.
    @Test func invisibleAddressIsMissing() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/login", ["email": "\u{200B}\u{FEFF} ", "password": "x"])
            #expect(page.status == 422)
            #expect(page.body.contains("Enter your email address."))
        }
        #expect(api.requests.isEmpty)
    }

    // W26: The language buttons belong to the form, which keeps the typed values, never the password.
    @Test func languageSwitchKeepsTheForm() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            for (path, form) in [("/login", "login-form"), ("/register", "register-form")] {
                let shown = try await site.get("\(path)?return_to=/account")
                #expect(shown.body.contains("name=\"language\" value=\"ja\" lang=\"ja\" form=\"\(form)\""))
                let page = try await site.post(
                    path,
                    [
                        "return_to": "/account", "email": "ada@example.com", "name": "Ada <3",
                        "password": "Secret-No-1", "password_confirmation": "Secret-No-1", "language": "ja",
                    ]
                )
                #expect(page.status == 200)
                #expect(page.cookies == ["language=ja; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax"])
                #expect(page["Content-Language"] == "ja")
                #expect(page.body.contains("<html lang=\"ja\">"))
                #expect(page.body.contains(#"value="ada@example.com""#))
                #expect(page.body.contains(#"name="return_to" value="/account""#))
                #expect(!page.body.contains("Secret-No-1"))
                #expect(!page.body.contains("error-summary"))
                if path == "/register" { #expect(page.body.contains(#"value="Ada &lt;3""#)) }
            }
            // Pages without a form have their own buttons.
            #expect(try await !site.get("/").body.contains(" form=\""))
            let unknown = try await site.post(
                "/login",
                ["email": "ada@example.com", "password": "", "language": "tlh"]
            )
            #expect(unknown.status == 422)
        }
        #expect(api.requests.isEmpty)
    }

    // W26: The same for signed-in users, whose header stays; the button does not send the form to the API.
    @Test func languageSwitchKeepsTheFormsOfSignedInUsers() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            for (path, form) in [("/account/name", "name-form"), ("/account/delete", "deletion-form")] {
                let shown = try await site.get(path, cookie: StubAuthAPI.cookie)
                #expect(shown.body.contains("name=\"language\" value=\"ja\" lang=\"ja\" form=\"\(form)\""))
                #expect(shown.body.contains("id=\"\(form)\""))
                let page = try await site.post(
                    path,
                    [
                        "name": "Grace <3", "email": "\u{200B}g@example.com", "password": "Secret-No-1",
                        "language": "ja",
                    ],
                    cookie: StubAuthAPI.cookie
                )
                #expect(page.status == 200 && page["Content-Language"] == "ja")
                #expect(page.cookies == ["language=ja; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax"])
                let typed = path == "/account/name" ? "Grace &lt;3" : "g@example.com"
                #expect(page.body.contains("value=\"\(typed)\""))
                #expect(page.body.contains("data-location=\"\(path)\" data-signed-in"))
                #expect(page.body.contains(#"data-testid="user-name">Ada Lovelace<"#))
                #expect(!page.body.contains("Secret-No-1") && !page.body.contains("error-summary"))
                let anonymous = try await site.post(path, ["name": "Grace", "language": "ja"])
                #expect(anonymous.status == 303 && anonymous.location?.hasPrefix("/login?") == true)
            }
        }
        #expect(!api.requests.contains { $0.method == .post })
    }

    // W26: Without a form, the language buttons of the page belong to their own.
    @Test func languageSwitchWithoutTheForm() async throws {
        let api = StubAuthAPI(["GET /api/auth/confirmation": { _ in try StubAuthAPI.json(Confirmations.provider) }])
        try await TestSite.with(api) { site in
            let page = try await site.get("/account/delete", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200 && !page.body.contains(" form=\""))
        }
    }

    // W28: The summary takes the focus, so it is not also a live region.
    @Test func summaryIsAnnouncedOnce() async throws {
        try await TestSite.with { site in
            let page = try await site.post("/login")
            #expect(page.body.contains(#"id="error-summary" role="group" tabindex="-1" autofocus"#))
            #expect(!page.body.contains("role=\"alert\"") && !page.body.contains("aria-live"))
        }
    }

    // W27: The statement about cookies in the footer names the cookie with the longest lifetime.
    @Test func footerNamesTheCookies() async throws {
        try await TestSite.with { site in
            let english = try await site.get("/")
            #expect(english.body.contains("for 180 days after you sign in"))
            let japanese = try await site.get("/", headers: ["Accept-Language": "ja"])
            #expect(japanese.body.contains("ログイン後180日間、このブラウザーを識別します"))
        }
    }

    // W29: The frontend rejects what the API rejects, including the site's name.
    @Test(arguments: ["Summer2026!", "Yoshikosan1", "Exampleshop26", "Lovelace1!"])
    func rejectsCommonPasswords(password: String) async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, publicURL: "https://exampleshop.example") { site in
            let page = try await site.post(
                "/register",
                [
                    "name": "Ada Lovelace", "email": "ada@example.com", "password": password,
                    "password_confirmation": password,
                ]
            )
            #expect(page.status == 422)
            #expect(page.body.contains("one of the first that attackers try"))
        }
        #expect(api.requests.isEmpty)
    }
}
