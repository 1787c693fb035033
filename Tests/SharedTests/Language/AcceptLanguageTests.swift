import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import Shared

/// The language for a visitor (requirement F6; RFC 9110, section 12.5.4).
@Suite struct AcceptLanguageTests {
    @Test(arguments: [
        ("", "en"), ("en", "en"), ("ja", "ja"), ("JA", "ja"), ("ja-JP", "ja"), ("ja-Jpan-JP", "ja"),
        ("fr", "en"), ("fr, ja;q=0.1", "ja"), ("de-CH, de;q=0.9, *;q=0.1", "en"),
        // First the weight counts, then the order.
        ("en, ja", "en"), ("ja, en", "ja"), ("en;q=0.8, ja;q=0.9", "ja"), ("ja;q=0.8, en;q=0.801", "en"),
        ("en;q=0.5,ja;q=0.5", "en"), ("ja;q=0.5,en;q=0.5", "ja"), ("ja;q=1.000, en", "ja"),
        ("en-GB;q=0.9, ja-JP", "ja"),
        ("ja;q=0.3, ja-JP;q=0.9, en;q=0.5", "ja"), ("fr, en-GB;q=0.3, ja;q=0.2", "en"),
        // Not acceptable
        ("ja;q=0", "en"), ("en;q=0, ja;q=0.001", "ja"), ("en;q=0, *", "ja"), ("ja;q=0, *;q=0.5", "en"),
        ("en;q=0, en-GB, ja;q=0.1", "ja"), ("*;q=0", "en"), ("en;q=0.000, ja;q=0.0", "en"), ("ja, *;q=0", "ja"),
        // Any language
        ("*", "en"), ("*, ja;q=0.5", "en"), ("*, ja", "ja"), ("ja;q=0.5, *;q=0.4", "ja"), ("*;q=0.5, ja;q=0.6", "ja"),
        // Spaces and empty entries (RFC 9110, section 5.6.1)
        (" ,\tja\t; q=0.7 ,, en ;Q=0.6", "ja"),
    ])
    func preferredLanguage(header: String, tag: String) {
        #expect(AcceptLanguage([header]).preferred.tag == tag)
    }

    // Entries that violate the grammar are ignored, the others are not.
    @Test(arguments: [
        "ja;q=2", "ja;q=1.001", "ja;q=0.1234", "ja;q=", "ja;q=.5", "ja;q=-1", "ja;q=1;q=1", "ja;level=1", "ja_JP",
        "ja-", "-ja", "ja--JP", "japanesea", "j a", "ja JP", "日本語", "ja;", ";q=1", "\"ja\"", "ja-123456789", "jа", "**",
        "*-ja",
    ])
    func malformedEntriesAreIgnored(entry: String) {
        #expect(AcceptLanguage([entry]).preferred == .english)
        #expect(AcceptLanguage([entry, "ja;q=0.01"]).preferred == .japanese)
    }

    @Test func severalHeadersAreOneList() {
        #expect(AcceptLanguage(["en;q=0.1", "ja;q=0.2"]).preferred == .japanese)
        #expect(AcceptLanguage([]).preferred == .english)
    }

    @Test func onlyTheBeginningOfALongHeaderIsRead() {
        let entries = Array(repeating: "fr", count: AcceptLanguage.maximumCount)
        #expect(AcceptLanguage([(entries.dropLast() + ["ja"]).joined(separator: ",")]).preferred == .japanese)
        #expect(AcceptLanguage([(entries + ["ja"]).joined(separator: ",")]).preferred == .english)
        let blanks = String(repeating: " ", count: AcceptLanguage.maximumLength)
        #expect(AcceptLanguage(["\(blanks)ja"]).preferred == .english)
        #expect(AcceptLanguage(["ja,\(blanks)"]).preferred == .japanese)
    }

    // The visitor's choice takes precedence; a cookie with an unknown language is ignored.
    @Test(arguments: [
        ("language=ja", "en", "ja"), ("a=b; language=en", "ja", "en"), ("language=fr", "ja", "ja"),
        ("language=JA", "en", "en"), ("language=", "ja", "ja"), ("xlanguage=ja", "en", "en"), ("language", "ja", "ja"),
    ])
    func chosenLanguageTakesPrecedence(cookie: String, accepted: String, tag: String) {
        let head = HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "localhost",
            path: "/",
            headerFields: [.cookie: cookie, .acceptLanguage: accepted]
        )
        #expect(SiteLanguage(for: Request(head: head, body: .init(buffer: ByteBuffer()))).tag == tag)
    }
}
