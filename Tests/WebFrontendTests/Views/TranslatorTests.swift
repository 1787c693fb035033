import FoundationEssentials
import Shared
import Testing

@testable import WebFrontend

/// Texts and their parameters.
@Suite struct TranslatorTests {
    @Test func parametersAreFilledInOnce() throws {
        let texts = try Translations.embedded()[.english]
        #expect(texts.text(.deviceOnSystem, ["browser": "{system}", "system": "Linux"]) == "{system} on Linux")
        #expect(texts.text(.deviceOnSystem, [:]) == " on ")
        let parts = texts.parts(.homeGreeting, around: "name")
        #expect(parts.before == "Hello, ")
        #expect(parts.after == "")
    }

    @Test(arguments: [
        (0, "Try again in 1 second."), (1, "Try again in 1 second."), (2, "Try again in 2 seconds."),
        (60, "Try again in 60 seconds."), (61, "Try again in 2 minutes."), (121, "Try again in 3 minutes."),
    ])
    func waitingTimes(seconds: Int, text: String) throws {
        #expect(try Translations.embedded()[.english].wait(seconds: seconds) == text)
    }

    @Test(arguments: [
        (1, "1秒後にもう一度お試しください。"), (60, "60秒後にもう一度お試しください。"), (61, "2分後にもう一度お試しください。"),
    ])
    func waitingTimesInJapanese(seconds: Int, text: String) throws {
        #expect(try Translations.embedded()[.japanese].wait(seconds: seconds) == text)
    }

    // F6: The same on every machine, with an explicit time zone.
    @Test(arguments: [
        (1_795_420_680.0, "23 November 2026, 7:58 (UTC)", "2026年11月23日 7:58（UTC）"),
        (1_709_251_199.9, "29 February 2024, 23:59 (UTC)", "2024年2月29日 23:59（UTC）"),
        (1_735_689_600.0, "1 January 2025, 0:00 (UTC)", "2025年1月1日 0:00（UTC）"),
    ])
    func moments(seconds: Double, english: String, japanese: String) throws {
        let texts = try Translations.embedded()
        let date = Date(timeIntervalSince1970: seconds)
        #expect(texts[.english].moment(date) == english)
        #expect(texts[.japanese].moment(date) == japanese)
    }

    // F6: Every text exists in all languages, with the same parameters.
    @Test func translationsMatch() throws {
        let texts = try Translations.embedded()
        let (english, japanese) = (texts[.english].texts, texts[.japanese].texts)
        #expect(Set(english.keys).symmetricDifference(japanese.keys).sorted() == [])
        for (key, text) in english {
            #expect(Self.parameters(in: text) == Self.parameters(in: japanese[key] ?? ""), "\(key)")
        }
        // A text that is equal in both languages is not translated, except for names.
        #expect(english.filter { japanese[$0.key] == $0.value }.map(\.key) == ["site_name"])
        #expect(texts[.english].texts["month_names"]?.split(separator: " ").count == 12)
        #expect(texts[.japanese].texts["month_names"]?.split(separator: " ").count == 12)
    }

    // Renaming a variable in the sources once renamed a word of a text.
    @Test(arguments: SiteLanguage.allCases)
    func textsContainNoIdentifiers(language: SiteLanguage) throws {
        for (key, text) in try Translations.embedded()[language].texts {
            let identifier = text.replacing("JavaScript", with: "").firstMatch(of: /[a-z][A-Z]/)
            #expect(identifier == nil, "\(key)")
        }
    }

    private static func parameters(in text: String) -> [String] {
        text.split(separator: "{").dropFirst(text.hasPrefix("{") ? 0 : 1).map { String($0.prefix { $0 != "}" }) }
            .sorted()
    }

    @Test(arguments: ["", "[]", "{}", #"{"a": 1}"#, #"{"title_home": "Welcome"}"#])
    func rejectsIncompleteTranslation(json: String) {
        #expect(throws: TranslationError.self) { try Translator(.english, json: Array(json.utf8)) }
    }
}
