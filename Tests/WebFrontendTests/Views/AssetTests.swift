import Shared
import Testing

@testable import WebFrontend

/// The files that pages load.
@Suite struct AssetTests {
    @Test func cachesHashedFilesPermanently() async throws {
        try await TestSite.with { site in
            let paths = try AssetLibrary.embedded().paths
            #expect(Set(paths.keys) == ["site_css", "site_js", "icon"])
            let home = try await site.get("/")
            for (name, path) in paths {
                #expect(path.firstMatch(of: /^\/assets\/[a-z]+\.[0-9a-f]{16}\.[a-z]+$/) != nil)
                #expect(home.body.contains("\"\(path)\""), "\(name) is not linked")
                let file = try await site.get(path)
                #expect(file.status == 200)
                #expect(file["Cache-Control"] == "public, max-age=31536000, immutable")
                #expect(!file.body.isEmpty)
                let head = try await site.head(path)
                #expect(head.status == 200)
                #expect(head["Content-Length"] == file["Content-Length"])
            }
            let response1 = try await site.get(paths["site_css"] ?? "")
            #expect(response1["Content-Type"] == "text/css; charset=utf-8")
            let response2 = try await site.get(paths["site_js"] ?? "")
            #expect(response2["Content-Type"] == "text/javascript; charset=utf-8")
            let response3 = try await site.get(paths["icon"] ?? "")
            #expect(response3["Content-Type"] == "image/svg+xml")
        }
    }

    // Compressed once at start, for clients that accept it.
    @Test(arguments: [
        ("gzip", true), ("gzip, deflate, br, zstd", true), ("br;q=1.0, GZIP;q=0.8, *;q=0.1", true), ("*", true),
        ("", false), ("identity", false), ("gzip;q=0", false), ("gzip; q=0.000, *", false), ("br", false),
        ("*;q=0", false), ("gzipped", false), ("gzip;q=0.001", true),
    ])
    func compressesFilesForSupportingClients(accepted: String, isCompressed: Bool) async throws {
        try await TestSite.with { site in
            let path = try AssetLibrary.embedded().paths["site_css"] ?? ""
            let file = try await site.get(path, headers: ["Accept-Encoding": accepted])
            #expect(file["Vary"] == "Accept-Encoding")
            #expect(file["Content-Encoding"] == (isCompressed ? "gzip" : nil))
            let length = try #require(file["Content-Length"].flatMap { Int($0) })
            #expect((length < 5_000) == isCompressed)
        }
    }

    // The script checks the same rules as the server, and the page shows the same numbers.
    @Test func scriptKnowsTheRulesOfTheServer() throws {
        let script = String(decoding: PackageResources.site_js, as: UTF8.self)
        let (least, most) = (PasswordRules.minimumLength, PasswordRules.maximumLength)
        #expect(script.contains("length >= \(least) && length <= \(most)"))
        let translations = try Translations.embedded()
        for language in SiteLanguage.allCases {
            let texts = translations[language]
            #expect(Self.numbers(in: texts.texts["rule_length"] ?? "") == [least, most])
            #expect(Self.numbers(in: texts[.errorPasswordTooShort]) == [least])
            #expect(Self.numbers(in: texts[.errorPasswordTooLong]) == [most])
            #expect(Self.numbers(in: texts[.errorNameTooLong]) == [DisplayName.maximumLength])
            #expect(Self.numbers(in: texts[.errorEmailTooLong]) == [EmailAddress.maximumLength])
        }
    }

    private static func numbers(in text: String) -> [Int] {
        text.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    }

    @Test(arguments: ["/assets/site.css", "/assets/site.0000000000000000.css", "/assets/..%2fetc", "/assets"])
    func otherNamesAreUnknown(path: String) async throws {
        try await TestSite.with { site in
            let page = try await site.get(path)
            #expect(page.status == 404)
            #expect(page["Cache-Control"] == "no-store")
        }
    }

    @Test func servesIconAndRobotsFile() async throws {
        try await TestSite.with { site in
            let icon = try await site.get("/favicon.ico")
            #expect(icon.status == 200)
            #expect(icon["Content-Type"] == "image/svg+xml")
            let robots = try await site.get("/robots.txt")
            #expect(robots.status == 200)
            #expect(robots["Content-Type"] == "text/plain; charset=utf-8")
        }
    }

    // Nothing inline and nothing from other hosts, so that the policy needs no exception.
    @Test func pagesLoadOnlyFilesOfTheSite() throws {
        let pages = try PageRenderer.embedded()
        for view in TemplateTests.views + TemplateTests.problems {
            let html = try pages.html(view, visitor: .signedIn(StubAuthAPI.user), in: .japanese)
            #expect(html.firstMatch(of: /<script(?![^>]* src="\/assets\/)/) == nil)
            #expect(html.firstMatch(of: /<style|\sstyle=|\son[a-z]+=/) == nil)
            #expect(html.firstMatch(of: /(src|href)="(https?:)?\/\//) == nil)
        }
    }
}
