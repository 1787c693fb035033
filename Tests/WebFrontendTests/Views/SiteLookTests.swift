import Shared
import Testing

@testable import WebFrontend

/// Pages of a site with its own look (U3).
@Suite struct SiteLookTests {
    private static let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"

    private static var look: SiteLook {
        var look = SiteLook()
        look.name = SiteName(english: "<script>\"Books\" & 'Co'", japanese: "本屋")
        look.logo = SiteImage(content: Array(svg.utf8), kind: .svg)
        look.icon = SiteImage(content: [0, 0, 1, 0], kind: .ico)
        look.color = SiteColor(light: RGBColor(red: 0x8A, green: 0x1C, blue: 0x4A))
        look.links.terms = "https://example.com/terms?a=1&b=2"
        look.links.support = "mailto:help@example.com"
        return look
    }

    @Test func nameLogoIconAndLinksAreOnThePage() async throws {
        try await TestSite.with(look: Self.look) { site in
            let page = try await site.get("/")
            let name = "&lt;script&gt;&quot;Books&quot; &amp; &#39;Co&#39;"
            #expect(page.body.contains("<title>Welcome · \(name)</title>"))
            #expect(page.body.contains("alt=\"\(name)\""))
            #expect(!page.body.contains("<script>"))
            #expect(!page.body.contains("brand-tick"))
            #expect(page.body.contains("href=\"https://example.com/terms?a=1&amp;b=2\">Terms of service</a>"))
            #expect(page.body.contains("href=\"mailto:help@example.com\">Support</a>"))
            #expect(!page.body.contains("Privacy policy"))
            let japanese = try await site.get("/login", headers: ["Accept-Language": "ja"])
            #expect(japanese.body.contains("<title>ログイン · 本屋</title>"))
            #expect(japanese.body.contains("利用規約"))
        }
    }

    /// The pictures have their own type, and a policy that forbids scripts in an SVG file that is opened directly.
    @Test func picturesCannotRunScripts() async throws {
        try await TestSite.with(look: Self.look) { site in
            let assets = try AssetLibrary.embedded(Self.look)
            let page = try await site.get("/")
            for (path, type) in [
                (assets.logo, "image/svg+xml"), (assets.ownIcon, "image/x-icon"), ("/favicon.ico", "image/x-icon"),
            ] {
                let path = try #require(path)
                let picture = try await site.get(path)
                #expect(picture.status == 200)
                #expect(picture["Content-Type"] == type)
                #expect(picture["X-Content-Type-Options"] == "nosniff")
                #expect(picture["Content-Security-Policy"] == AssetLibrary.picturePolicy)
                #expect(picture["Cross-Origin-Resource-Policy"] == "same-origin")
                #expect(path == "/favicon.ico" || page.body.contains("\"\(path)\""))
            }
        }
    }

    /// A changed picture gets another address, so no browser uses the cached one.
    @Test func anotherPictureHasAnotherAddress() throws {
        var other = Self.look
        other.logo = SiteImage(content: Array((Self.svg + " ").utf8), kind: .svg)
        other.color = nil
        let one = try AssetLibrary.embedded(Self.look), two = try AssetLibrary.embedded(other)
        #expect(one.logo != two.logo)
        #expect(one.paths["site_css"] != two.paths["site_css"])
        #expect(one.paths["icon"] == two.paths["icon"])
    }

    /// An icon without a logo is beside the name; a color without a logo colors the built-in mark.
    @Test func iconWithoutLogoAndColorWithoutIcon() async throws {
        var look = Self.look
        look.logo = nil
        try await TestSite.with(look: look) { site in
            let page = try await site.get("/")
            #expect(page.body.contains("<img class=\"brand-mark\" src=\"/assets/icon."))
            #expect(page.body.contains("<span>&lt;script&gt;"))
        }
        look.icon = nil
        let colored = look
        try await TestSite.with(look: colored) { site in
            let page = try await site.get("/")
            #expect(page.body.contains("brand-tick"))
            let icon = try await site.get("/favicon.ico")
            #expect(icon.body.contains("#8a1c4a") && !icon.body.contains("#0f6257"))
            let style = try await site.get(try AssetLibrary.embedded(colored).paths["site_css"] ?? "")
            #expect(style.body.hasSuffix(try #require(colored.color).styleSheet))
        }
    }

    /// The operator's texts are plain text, like the built-in ones.
    @Test func textsOfTheOperatorAreEscaped() throws {
        let json = #"{"home_heading": "<img src=x onerror=alert(1)>", "footer": "Ours & <b>yours</b>"}"#
        var look = SiteLook()
        look.texts = SiteTexts([.english: try SiteTexts.check(Array(json.utf8), .english)])
        let assets = try AssetLibrary.embedded()
        let pages = try PageRenderer(templates: .embedded(), texts: .embedded(look), assets: assets)
        let html = try pages.html(HomeView(visitor: .anonymous), visitor: .anonymous, in: .english)
        #expect(html.contains("<h1>&lt;img src=x onerror=alert(1)&gt;</h1>"))
        #expect(html.contains("<p>Ours &amp; &lt;b&gt;yours&lt;/b&gt;</p>"))
    }
}
