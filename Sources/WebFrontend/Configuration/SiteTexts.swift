import FoundationEssentials
import Shared

/// The operator's texts, which replace built-in ones: the files in the folder `SITE_TEXTS`.
struct SiteTexts: Sendable {
    /// The maximum size of a file in bytes.
    static let maximumFile = 256 * 1024
    /// The maximum length of a text in code points.
    static let maximumText = 2000
    /// The key of the site's name, which has separate settings that the API and nginx also read.
    private static let elsewhere = "site_name"

    private var texts: [SiteLanguage: [String: String]]

    /// Creates texts that have already been validated.
    init(_ texts: [SiteLanguage: [String: String]] = [:]) { self.texts = texts }

    /// The replacement texts of a language.
    subscript(_ language: SiteLanguage) -> [String: String] { texts[language] ?? [:] }

    /// Reads the folder; faults are left in the reader.
    init(from reader: inout SettingsReader) {
        self.init()
        guard let folder = reader.text(.siteTexts) else { return }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
        } catch {
            reader.fault(.siteTexts, "\(reader.quoted(folder)) is not a folder that can be read")
            return
        }
        let known = SiteLanguage.allCases.map { "\($0.tag).json" }
        let files = known.joined(separator: " and ")
        for name in names.sorted() where !known.contains(name) {
            reader.fault(.siteTexts, "\(reader.quoted(name)) is not read; the files are \(files)")
        }
        if names.isEmpty { reader.fault(.siteTexts, "\(reader.quoted(folder)) has none of the files \(files)") }
        for language in SiteLanguage.allCases where names.contains("\(language.tag).json") {
            let name = "\(language.tag).json"
            do {
                texts[language] = try Self.read("\(folder)/\(name)", language)
            } catch {
                for reason in error.reasons { reader.fault(.siteTexts, "\(name): \(reason)") }
            }
        }
    }

    /// Why a file cannot be used.
    struct Fault: Error {
        let reasons: [String]
    }

    private static func read(_ path: String, _ language: SiteLanguage) throws(Fault) -> [String: String] {
        let content: [UInt8]
        do {
            content = try BoundedFile.read(path, limit: maximumFile)
        } catch {
            throw Fault(reasons: ["cannot be read: \(error.reason)"])
        }
        return try check(content, language)
    }

    /// The texts of a file.
    ///
    /// - Throws: ``Fault`` with a reason for each invalid text, by its key.
    static func check(_ json: [UInt8], _ language: SiteLanguage) throws(Fault) -> [String: String] {
        guard let own = try? JSONDecoder().decode([String: String].self, from: Data(json)) else {
            throw Fault(reasons: ["is not one JSON object of texts"])
        }
        guard let standard = try? Translations.embedded()[language].texts else {
            throw Fault(reasons: ["cannot be checked"])
        }
        let reasons = own.sorted { $0.key < $1.key }.compactMap { key, text in
            reason(against: key, text, replacing: standard[key])
        }
        guard reasons.isEmpty else { throw Fault(reasons: reasons) }
        return own
    }

    /// Why a text cannot replace another; nil when it can.
    private static func reason(against key: String, _ text: String, replacing standard: String?) -> String? {
        let name = String(key.unicodeScalars.prefix(60).map { $0.isASCII && $0.value > 0x20 ? Character($0) : "?" })
        guard let standard else { return "there is no text \(name)" }
        guard !key.isExactly(elsewhere) else { return "\(name): set SITE_NAME instead" }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else { return "\(name): is empty" }
        guard text.unicodeScalars.count <= maximumText else {
            return "\(name): has more than \(maximumText) characters"
        }
        guard !text.unicodeScalars.contains(where: isForbidden) else {
            return "\(name): contains a control character or one that changes the direction of text"
        }
        guard let own = parameters(in: text) else { return "\(name): has an unmatched brace" }
        let needed = parameters(in: standard) ?? []
        guard own == needed else {
            let list = needed.isEmpty ? "no parameter" : needed.map { "{\($0)}" }.joined(separator: ", ") + " once each"
            return "\(name): must contain \(list), and no other parameter"
        }
        if key.isExactly(TextKey.monthNames.rawValue), text.split(separator: " ").count != 12 {
            return "\(name): must be twelve names with spaces between"
        }
        return nil
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default:
            [0x061C, 0x200E, 0x200F].contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value)
        }
    }

    /// The parameters of a text, written `{name}`, sorted; nil when a brace is unmatched.
    private static func parameters(in text: String) -> [String]? {
        var found: [String] = []
        var rest = text.utf8[...]
        while let open = rest.firstIndex(where: { "{}".utf8.contains($0) }) {
            guard rest[open] == UInt8(ascii: "{"),
                let close = rest[open...].dropFirst().firstIndex(where: { "{}".utf8.contains($0) }),
                rest[close] == UInt8(ascii: "}")
            else { return nil }
            found.append(String(Substring(rest[open..<close].dropFirst())))
            rest = rest[close...].dropFirst()
        }
        return found.sorted()
    }
}
