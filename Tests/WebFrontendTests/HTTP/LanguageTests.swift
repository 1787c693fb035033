import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// English and Japanese, by the browser's preference and the visitor's choice (requirement F6).
@Suite struct LanguageTests {
    @Test func servesRequestedLanguage() async throws {
        try await TestSite.with { site in
            for path in ["/", "/login", "/register", "/account", "/nothing", "/logout"] {
                let english = try await site.get(
                    path,
                    cookie: StubAuthAPI.cookie,
                    headers: ["Accept-Language": "de, en"]
                )
                let japanese = try await site.get(
                    path,
                    cookie: StubAuthAPI.cookie,
                    headers: ["Accept-Language": "ja-JP"]
                )
                #expect(english.status == japanese.status)
                guard english.status != 303 else { continue }
                #expect(english.body.contains("<html lang=\"en\">"))
                #expect(english["Content-Language"] == "en")
                #expect(english["Vary"]?.hasPrefix("Accept-Language, Cookie") == true)
                #expect(japanese.body.contains("<html lang=\"ja\">"))
                #expect(japanese["Content-Language"] == "ja")
            }
            let login = try await site.get("/login", headers: ["Accept-Language": "ja"])
            #expect(login.body.contains("<title>ログイン · yoshikosan</title>"))
            let wrong = try await site.post(
                "/login",
                ["email": "a@example.com", "password": "x"],
                headers: ["Accept-Language": "ja"]
            )
            #expect(wrong.status == 401)
            #expect(wrong.body.contains("<title>エラー： ログイン · yoshikosan</title>"))
            #expect(wrong.body.contains("メールアドレスまたはパスワードが違います。"))
        }
    }

    @Test func datesDevicesAndGreetingsAreTranslated() async throws {
        try await TestSite.with { site in
            let cookie = "\(StubAuthAPI.cookie); language=ja"
            let account = try await site.get("/account", cookie: cookie)
            #expect(account.body.contains(">2026年11月23日 7:58（UTC）</time>"))
            #expect(account.body.contains("<bdi>Firefox（Linux）</bdi>"))
            let home = try await site.get("/", cookie: cookie)
            #expect(home.body.contains(#"<h1 data-testid="greeting">こんにちは、<bdi>Ada Lovelace</bdi>さん</h1>"#))
        }
    }

    // The choice overrides the browser's preference, lasts a year, and leads back to the page.
    @Test func remembersChoiceAndRedirectsBack() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?return_to=/account")
            #expect(page.body.contains(#"<form class="languages" method="post" action="/language""#))
            #expect(page.body.contains(#"name="return_to" value="/login?return_to=%2Faccount""#))
            #expect(page.body.contains(#"name="language" value="ja" lang="ja" form="login-form">日本語</button>"#))
            #expect(page.body.contains(#"lang="en" aria-current="true">English</span>"#))
            let choice = try await site.post(
                "/language",
                ["language": "ja", "return_to": "/login?return_to=%2Faccount"]
            )
            #expect(choice.status == 303)
            #expect(choice.location == "/login?return_to=%2Faccount")
            #expect(choice.cookies == ["language=ja; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax"])
            for cookies in ["language=ja", "a=1;language=ja", "language=ja ; a=1", "language2=en; language=ja"] {
                let next = try await site.get("/login", cookie: cookies, headers: ["Accept-Language": "en"])
                #expect(next["Content-Language"] == "ja", "\(cookies)")
            }
        }
        try await TestSite.with(publicURL: "https://yoshikosan.example") { site in
            let choice = try await site.post("/language", ["language": "en"])
            #expect(choice.location == "/")
            #expect(choice.cookies == ["language=en; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax; Secure"])
        }
    }

    // After a failed form, a confirmation or a missing page, the way back is a page that exists for GET.
    @Test func everyPageLinksBack() async throws {
        try await TestSite.with { site in
            let failed = try await site.post("/login", ["email": "", "return_to": "/account"])
            #expect(failed.body.contains(#"name="return_to" value="/login?return_to=%2Faccount""#))
            let notice = try await site.get("/?notice=signed-out")
            #expect(notice.body.contains(#"name="return_to" value="/""#))
            let missing = try await site.get("/nothing?here=1")
            #expect(missing.body.contains(#"name="return_to" value="/nothing?here=1""#))
            let posted = try await site.post("/nothing")
            #expect(posted.body.contains(#"name="return_to" value="/""#))
        }
    }

    @Test(arguments: [
        "//evil.example", "https://evil.example/", "/\\evil.example", "/%2F/evil.example", "javascript:alert(1)",
    ])
    func backLinkStaysOnThisSite(target: String) async throws {
        try await TestSite.with { site in
            let choice = try await site.post("/language", ["language": "ja", "return_to": target])
            #expect(choice.status == 303)
            #expect(choice.location == "/")
            let page = try await site.get("/login?return_to=\(target.percentEncoded)")
            #expect(!page.body.contains("evil"))
        }
    }

    @Test(arguments: ["", "fr", "JA", "ja\r\nSet-Cookie: x=y", "ja; Domain=example.com"])
    func rejectsUnknownLanguages(language: String) async throws {
        try await TestSite.with { site in
            let choice = try await site.post("/language", ["language": language])
            #expect(choice.status == 400)
            #expect(choice.cookies.isEmpty)
        }
    }

    // A14: another site cannot change a visitor's language.
    @Test func otherSitesCannotChangeTheLanguage() async throws {
        try await TestSite.with { site in
            let choice = try await site.post("/language", ["language": "ja"], headers: ["Sec-Fetch-Site": "cross-site"])
            #expect(choice.status == 403)
            #expect(choice.cookies.isEmpty)
            let get = try await site.get("/language?language=ja")
            #expect(get.status == 405)
            #expect(get["Allow"] == "POST")
        }
    }
}
