import FoundationEssentials
import Shared

/// The texts of one language.
struct Translator: Sendable {
    let language: SiteLanguage
    /// Every text by its key, for templates.
    let texts: [String: String]

    /// Parses the texts of a language from a flat JSON object.
    ///
    /// - Throws: ``TranslationError`` when it is not one, or lacks a key that the program uses.
    init(_ language: SiteLanguage, json: [UInt8]) throws(TranslationError) {
        guard let texts = try? JSONDecoder().decode([String: String].self, from: Data(json)) else {
            throw TranslationError(language: language, reason: "not a flat object of texts")
        }
        self.language = language
        self.texts = texts
        try require(TextKey.allCases.map(\.rawValue))
    }

    private init(_ language: SiteLanguage, texts: [String: String]) {
        self.language = language
        self.texts = texts
    }

    /// The texts with those of the site, which ``SiteTexts`` has validated.
    func replacing(by look: SiteLook) -> Translator {
        var texts = texts.merging(look.texts[language]) { _, own in own }
        texts["site_name"] = look.name[language]
        return Translator(language, texts: texts)
    }

    /// Checks that there is a text for each of the keys.
    ///
    /// - Throws: ``TranslationError`` with the missing keys.
    func require(_ keys: some Sequence<String>) throws(TranslationError) {
        let missing = keys.filter { texts[$0]?.isEmpty ?? true }.sorted()
        guard missing.isEmpty else {
            throw TranslationError(language: language, reason: "no text for \(missing.joined(separator: ", "))")
        }
    }

    /// The text of a key; the initializer has checked that it exists.
    subscript(_ key: TextKey) -> String { texts[key.rawValue] ?? "" }

    /// A text with its parameters, written `{name}`, replaced; inserted values are not searched again.
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

    /// The text before and after a parameter, for markup around the value.
    func parts(_ key: TextKey, around parameter: String) -> (before: String, after: String) {
        let text = self[key]
        guard let range = text.firstRange(of: "{\(parameter)}") else { return (text, "") }
        return (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
    }

    /// A waiting time: in seconds up to a minute, in whole minutes above.
    func wait(seconds: Int) -> String {
        let seconds = max(seconds, 1)
        guard seconds > 60 else {
            return text(seconds == 1 ? .waitSecondsOne : .waitSecondsOther, ["count": String(seconds)])
        }
        let minutes = (seconds + 59) / 60
        return text(minutes == 1 ? .waitMinutesOne : .waitMinutesOther, ["count": String(minutes)])
    }
}

extension Translator {
    /// A time to the minute, in UTC: only the script can determine the time zone of the visitor.
    func moment(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        let months = self[.monthNames].split(separator: " ")
        guard let year = parts.year, let month = parts.month, let day = parts.day, let hour = parts.hour,
            let minute = parts.minute, months.indices.contains(month - 1)
        else { return "" }
        return text(
            .moment,
            [
                "year": String(year), "month": String(months[month - 1]), "day": String(day),
                "time": "\(hour):\(minute < 10 ? "0" : "")\(minute)",
            ]
        )
    }
}

/// A translation is invalid.
struct TranslationError: Error {
    let language: SiteLanguage
    let reason: String
}
