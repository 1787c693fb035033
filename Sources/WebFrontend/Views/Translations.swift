import Shared

/// The texts of every language of the site.
struct Translations: Sendable {
    private let english: Translator
    private let japanese: Translator

    /// The texts that are part of the program.
    ///
    /// - Throws: ``TranslationError`` when a language lacks a key that the program uses.
    static func embedded() throws(TranslationError) -> Translations {
        Translations(
            english: try Translator(.english, json: PackageResources.en_json),
            japanese: try Translator(.japanese, json: PackageResources.ja_json)
        )
    }

    /// The texts of a language.
    subscript(_ language: SiteLanguage) -> Translator {
        switch language {
        case .english: english
        case .japanese: japanese
        }
    }
}
