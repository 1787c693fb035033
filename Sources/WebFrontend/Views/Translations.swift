import Shared

/// The texts of all languages.
struct Translations: Sendable {
    private let english: Translator
    private let japanese: Translator

    /// The built-in texts, with the name and the texts of the site.
    ///
    /// - Throws: ``TranslationError`` when a language lacks a key that the program uses.
    static func embedded(_ look: SiteLook = SiteLook()) throws(TranslationError) -> Translations {
        Translations(
            english: try Translator(.english, json: PackageResources.en_json).replacing(by: look),
            japanese: try Translator(.japanese, json: PackageResources.ja_json).replacing(by: look)
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
