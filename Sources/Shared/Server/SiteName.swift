/// The name of the site in each language: `SITE_NAME` and `SITE_NAME_JA`.
public struct SiteName: Sendable, Equatable {
    /// The maximum number of code points.
    public static let maximumLength = 60

    /// The name of a site without settings.
    public static let standard = SiteName(english: "yoshikosan", japanese: "yoshikosan")

    /// The name on English pages, in the API and for programs.
    public let english: String
    /// The name on Japanese pages.
    public let japanese: String

    /// Creates a name.
    public init(english: String, japanese: String) {
        self.english = english
        self.japanese = japanese
    }

    /// Reads the settings; faults are left in the reader.
    public init(from reader: inout SettingsReader) {
        english = reader.siteName(.siteName) ?? Self.standard.english
        japanese = reader.siteName(.siteNameJapanese) ?? english
    }

    /// The name in a language.
    public subscript(_ language: SiteLanguage) -> String {
        switch language {
        case .english: english
        case .japanese: japanese
        }
    }
}

extension SettingsReader {
    /// A name that fits into the header of a page; nil when it is unset or a fault was recorded.
    ///
    /// ``SettingText`` has already rejected control and invisible characters, including direction marks.
    fileprivate mutating func siteName(_ name: SettingName) -> String? {
        guard let text = text(name) else { return nil }
        let length = text.unicodeScalars.count
        guard length <= SiteName.maximumLength else {
            fault(name, "must have at most \(SiteName.maximumLength) characters, not \(length)")
            return nil
        }
        return text
    }
}
