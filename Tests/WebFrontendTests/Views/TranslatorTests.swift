import Testing

@testable import WebFrontend

/// Texts and their parameters.
@Suite struct TranslatorTests {
    @Test func parametersAreFilledInOnce() throws {
        let texts = try Translator.english()
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
        #expect(try Translator.english().wait(seconds: seconds) == text)
    }

    @Test(arguments: ["", "[]", "{}", #"{"a": 1}"#, #"{"title_home": "Welcome"}"#])
    func incompleteTranslationIsRefused(json: String) {
        #expect(throws: TranslationError.self) { try Translator(locale: "xx", json: Array(json.utf8)) }
    }
}
