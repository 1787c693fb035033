import Shared

/// The texts around the reference, in the visitor's language; the reference itself is in English.
struct DocsFrame {
    let language: SiteLanguage

    var skip: String { pick("Skip to the content", "本文へ移動") }
    var version: String { pick("Version", "バージョン") }
    var contents: String { pick("Contents", "目次") }
    var guide: String { pick("Guide", "ガイド") }
    var schemas: String { pick("Schemas", "スキーマ") }
    var home: String { pick("Home page", "ホーム") }
    /// A note in other languages that the reference is in English.
    var note: String? { language == .english ? nil : "このリファレンスの本文は英語です。" }

    /// The heading, with the title of the document.
    func title(_ name: String) -> String { pick(name, "\(name) リファレンス") }

    private func pick(_ english: String, _ japanese: String) -> String {
        switch language {
        case .english: english
        case .japanese: japanese
        }
    }
}
