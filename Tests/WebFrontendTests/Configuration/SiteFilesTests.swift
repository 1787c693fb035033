import Foundation
import Shared
import Testing

@testable import WebFrontend

/// `SITE_LOGO`, `SITE_ICON`, `SITE_TEXTS`: validated at start, each fault with the setting's name (U3).
@Suite struct SiteFilesTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    private static let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8)

    private static func faults(_ settings: [String: String]) -> [String] {
        do {
            _ = try TestSettings.all(settings)
            return []
        } catch {
            return error.lines
        }
    }

    // The content determines the type, whatever the file name.
    @Test(arguments: [
        (png, SiteImage.Kind.png),
        (Array("\u{FEFF}<?xml version='1.0'?>\n<!-- <b> -->\n<!DOCTYPE svg>\n".utf8) + svg, .svg),
        (Array("RIFF\u{1}\u{0}\u{0}\u{0}WEBPVP8 ".utf8), .webp), ([0xFF, 0xD8, 0xFF, 0xE0], .jpeg),
    ])
    func aLogoIsAPicture(content: [UInt8], kind: SiteImage.Kind) throws {
        try TestFolder.with { folder in
            let file = try folder.file("logo.txt", content)
            let logo = try #require(try TestSettings.all(["SITE_LOGO": file]).look.logo)
            #expect(logo.kind == kind)
            #expect(logo.content == content)
        }
    }

    @Test(arguments: [
        Array("GIF89a".utf8), Array("<html><svg></svg></html>".utf8), Array("<svgx/>".utf8), Array("%PDF-1.7".utf8), [],
        Array("<script>alert(1)</script>".utf8), Array("<!-- <svg>".utf8), [0xFF, 0xFE, 0x3C, 0x00],
        Array("<!DOCTYPE svg [<!ENTITY a \"b>\">]><svg/>".utf8), [0, 0, 1, 0],
    ])
    func rejectsInvalidInput(content: [UInt8]) throws {
        try TestFolder.with { folder in
            let file = try folder.file("logo.png", content)
            let lines = Self.faults(["SITE_LOGO": file, "SITE_ICON": file])
            let quoted = String("\"\(file)\"".prefix(61))
            try #require(lines.count == 2)
            #expect(
                lines[0].hasPrefix("SITE_LOGO: the file \(quoted)")
                    && lines[0].hasSuffix("is none of SVG, PNG, WEBP, JPEG")
            )
            #expect(
                lines[1].hasPrefix("SITE_ICON: the file \(quoted)") && lines[1].hasSuffix("is none of SVG, PNG, ICO")
            )
        }
    }

    @Test func sizesAreLimited() throws {
        try TestFolder.with { folder in
            for (name, limit) in [("SITE_LOGO", SiteImage.maximumLogo), ("SITE_ICON", SiteImage.maximumIcon)] {
                let content = Self.png + [UInt8](repeating: 0, count: limit - Self.png.count)
                #expect(Self.faults([name: try folder.file("fits", content)]) == [])
                let lines = Self.faults([name: try folder.file("large", content + [0])])
                #expect(lines.first?.hasSuffix("has more than \(limit / 1024) KiB; use a smaller picture") == true)
            }
        }
    }

    @Test func filesThatCannotBeReadAreNamed() throws {
        try TestFolder.with { folder in
            #expect(
                Self.faults(["SITE_LOGO": "/nowhere/x"]) == [
                    "SITE_LOGO: the file \"/nowhere/x\" cannot be read: No such file or directory"
                ]
            )
            let lines = Self.faults(["SITE_LOGO": folder.path, "SITE_TEXTS": "/nowhere/x"])
            #expect(lines.first?.hasSuffix("cannot be read: Is a directory") == true)
            #expect(lines.last == "SITE_TEXTS: \"/nowhere/x\" is not a folder that can be read")
            #expect(
                Self.faults(["SITE_TEXTS": folder.path]).first?.hasSuffix("has none of the files en.json and ja.json")
                    == true
            )
        }
    }

    @Test func textsReplaceThoseOfTheirLanguage() throws {
        try TestFolder.with { folder in
            _ = try folder.file("ja.json", #"{"home_heading": "<b>ようこそ</b>", "home_greeting": "{name}様"}"#.utf8)
            _ = try folder.file("README", "not read".utf8)
            let look = try TestSettings.all(["SITE_TEXTS": folder.path]).look
            let texts = try Translations.embedded(look)
            #expect(texts[.japanese].texts["home_heading"] == "<b>ようこそ</b>")
            #expect(texts[.japanese].text(.homeGreeting, ["name": "エイダ"]) == "エイダ様")
            #expect(try texts[.english].texts == Translations.embedded()[.english].texts)
            #expect(try texts[.japanese].texts.count == Translations.embedded()[.japanese].texts.count)
        }
    }

    @Test(arguments: [
        (#"{"home_headline": "x", "<i>\u202e": "x"}"#, ["there is no text <i>?", "there is no text home_headline"]),
        (#"{"home_heading": " "}"#, ["home_heading: is empty"]),
        (#"{"home_heading": "a\u202eb"}"#, [direction]), (#"{"home_heading": "a\u0000b"}"#, [direction]),
        (#"{"home_heading": "a\u2066b"}"#, [direction]), (#"{"home_heading": "a\nb"}"#, [direction]),
        (#"{"home_greeting": "Hello"}"#, ["home_greeting: must contain {name} once each, and no other parameter"]),
        (
            #"{"home_greeting": "{name}{name}"}"#,
            ["home_greeting: must contain {name} once each, and no other parameter"]
        ),
        (
            #"{"home_greeting": "{name} {email}"}"#,
            ["home_greeting: must contain {name} once each, and no other parameter"]
        ),
        (#"{"home_heading": "{name}"}"#, ["home_heading: must contain no parameter, and no other parameter"]),
        (#"{"home_greeting": "{name"}"#, ["home_greeting: has an unmatched brace"]),
        (#"{"home_greeting": "{name}}"}"#, ["home_greeting: has an unmatched brace"]),
        (#"{"month_names": "Jan Feb"}"#, ["month_names: must be twelve names with spaces between"]),
        (#"{"site_name": "x"}"#, ["site_name: set SITE_NAME instead"]),
        (#"{"home_heading": 1}"#, ["is not one JSON object of texts"]), ("[]", ["is not one JSON object of texts"]),
        ("", ["is not one JSON object of texts"]),
    ])
    func rejectsInvalidTexts(json: String, reasons: [String]) throws {
        try TestFolder.with { folder in
            _ = try folder.file("en.json", json.utf8)
            #expect(Self.faults(["SITE_TEXTS": folder.path]) == reasons.map { "SITE_TEXTS: en.json: \($0)" })
        }
    }

    @Test func rejectsUnknownLanguagesAndLongFiles() throws {
        try TestFolder.with { folder in
            _ = try folder.file("fr.json", "{}".utf8)
            _ = try folder.file("en.json", [UInt8](repeating: 0x20, count: SiteTexts.maximumFile + 1))
            _ = try folder.file("ja.json", "{\"home_heading\": \"\(String(repeating: "a", count: 2001))\"}".utf8)
            #expect(
                Self.faults(["SITE_TEXTS": folder.path]) == [
                    "SITE_TEXTS: \"fr.json\" is not read; the files are en.json and ja.json",
                    "SITE_TEXTS: en.json: cannot be read: the file is too large",
                    "SITE_TEXTS: ja.json: home_heading: has more than 2000 characters",
                ]
            )
        }
    }

    private static let direction =
        "home_heading: contains a control character or one that changes the direction of text"
}

/// `SITE_NAME` and the addresses in the footer of the pages (U3).
@Suite struct SiteNameTests {
    @Test(arguments: [
        ("a\u{202E}b", "contains the invisible character U+202E as character 2"),
        ("a\u{2066}b", "contains the invisible character U+2066 as character 2"),
        ("a\u{200B}b", "contains the invisible character U+200B as character 2"),
        ("a\nb", "contains a line break as character 2"),
        (String(repeating: "名", count: 61), "must have at most 60 characters, not 61"),
    ])
    func rejectsHostileNames(name: String, reason: String) {
        for setting in ["SITE_NAME", "SITE_NAME_JA"] {
            let faults = #expect(throws: SettingsFaults.self) { try TestSettings.all([setting: name]) }
            #expect(faults?.lines == ["\(setting): \(reason)"])
        }
    }

    @Test func theJapaneseNameDefaultsToTheOther() throws {
        let none = try TestSettings.all([:]).look.name
        #expect(none == SiteName(english: "yoshikosan", japanese: "yoshikosan"))
        let one = try TestSettings.all(["SITE_NAME": "Books <& \"Co\">"]).look.name
        #expect(one == SiteName(english: "Books <& \"Co\">", japanese: "Books <& \"Co\">"))
        let both = try TestSettings.all(["SITE_NAME": "Books", "SITE_NAME_JA": "本屋"]).look.name
        #expect(both[.japanese] == "本屋")
    }

    @Test(arguments: [
        ("https://Example.com/terms?a=b#c", "https://example.com/terms?a=b#c"),
        ("http://example.com", "http://example.com"),
        ("https://日本語.jp/x", "https://xn--wgv71a119e.jp/x"), ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("mailto:help@example.com", "mailto:help@example.com"),
        ("MAILTO:help@Example.com?subject=Sign%20in", "mailto:help@example.com?subject=Sign%20in"),
    ])
    func links(text: String, link: String) throws {
        let isMail = link.hasPrefix("mailto:")
        #expect(try TestSettings.all(["SITE_SUPPORT_URL": text]).look.links.support == link)
        for name in ["SITE_TERMS_URL", "SITE_PRIVACY_URL"] {
            if isMail {
                #expect(throws: SettingsFaults.self) { try TestSettings.all([name: text]) }
            } else {
                #expect(throws: Never.self) { try TestSettings.all([name: text]) }
            }
        }
    }

    @Test(arguments: [
        "javascript:alert(1)", "javascript://example.com/%0aalert(1)", "data:text/html,x", "/terms", "//example.com",
        "example.com",
        "https://", "https://user@example.com/", "https://example.com/a b", "https://example.com/\"><script>",
        "https://example.com/ä", "ftp://example.com/x", "mailto:", "mailto:nobody",
        "mailto:a@example.com,b@example.com",
        "mailto:a@example.com\"onclick=x", "https://example.com:99999/", "https:example.com",
        "https://example.com/\(String(repeating: "a", count: 2048))",
    ])
    func rejectsInvalidLinks(text: String) {
        for name in ["SITE_TERMS_URL", "SITE_PRIVACY_URL", "SITE_SUPPORT_URL"] {
            let faults = #expect(throws: SettingsFaults.self) { try TestSettings.all([name: text]) }
            #expect(faults?.lines.count == 1)
            #expect(faults?.lines.first?.hasPrefix("\(name): ") == true)
        }
    }
}
