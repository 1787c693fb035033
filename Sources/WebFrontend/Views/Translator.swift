import FoundationEssentials

/// The texts of one language.
struct Translator: Sendable {
    /// The language tag for `lang` (BCP 47).
    let locale: String
    /// Every text by its key, for templates.
    let texts: [String: String]

    /// Reads the texts of a language from a flat JSON object.
    ///
    /// - Throws: ``TranslationError`` when it is not one, or lacks a key that the program uses.
    init(locale: String, json: [UInt8]) throws(TranslationError) {
        guard let texts = try? JSONDecoder().decode([String: String].self, from: Data(json)) else {
            throw TranslationError(locale: locale, reason: "not a flat object of texts")
        }
        let missing = TextKey.allCases.map(\.rawValue).filter { texts[$0]?.isEmpty ?? true }
        guard missing.isEmpty else {
            throw TranslationError(locale: locale, reason: "no text for \(missing.joined(separator: ", "))")
        }
        self.locale = locale
        self.texts = texts
    }

    /// The English texts that are part of the program.
    static func english() throws(TranslationError) -> Translator {
        try Translator(locale: "en", json: PackageResources.en_json)
    }

    /// The text of a key; every key has one, or there would be no translator.
    subscript(_ key: TextKey) -> String { texts[key.rawValue] ?? "" }

    /// A text with its parameters, written `{name}`, filled in; what is filled in is not searched again.
    func text(_ key: TextKey, _ parameters: [String: String]) -> String {
        var result = ""
        var rest = self[key][...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            result += parameters[String(rest[rest.index(after: open)..<close])] ?? ""
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// What stands before and after a parameter, for markup around the value.
    func parts(_ key: TextKey, around parameter: String) -> (before: String, after: String) {
        let text = self[key]
        guard let range = text.firstRange(of: "{\(parameter)}") else { return (text, "") }
        return (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
    }

    /// How long to wait, in seconds up to a minute and in whole minutes above.
    func wait(seconds: Int) -> String {
        let seconds = max(seconds, 1)
        guard seconds > 60 else {
            return text(seconds == 1 ? .waitSecondsOne : .waitSecondsOther, ["count": String(seconds)])
        }
        let minutes = (seconds + 59) / 60
        return text(minutes == 1 ? .waitMinutesOne : .waitMinutesOther, ["count": String(minutes)])
    }
}

/// A translation that cannot be used.
struct TranslationError: Error {
    /// The language.
    let locale: String
    /// What is wrong with it.
    let reason: String
}
