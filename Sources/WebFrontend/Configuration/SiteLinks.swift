import Shared

/// The operator's pages that the footer of every page links to.
struct SiteLinks: Sendable {
    /// The maximum length of a link in bytes.
    private static let maximumLength = 2048

    var terms: String?
    var privacy: String?
    var support: String?

    /// No links.
    init() {}

    /// Reads the settings; faults are left in the reader.
    init(from reader: inout SettingsReader) {
        terms = Self.link(.siteTermsURL, from: &reader, takesMail: false)
        privacy = Self.link(.sitePrivacyURL, from: &reader, takesMail: false)
        support = Self.link(.siteSupportURL, from: &reader, takesMail: true)
    }

    private static func link(_ name: SettingName, from reader: inout SettingsReader, takesMail: Bool) -> String? {
        guard let text = reader.text(name) else { return nil }
        if text.utf8.count <= maximumLength, let link = webAddress(text) ?? (takesMail ? mailAddress(text) : nil) {
            return link
        }
        let mail = takesMail ? " or mailto:help@example.com" : ""
        reader.fault(name, "\(reader.quoted(text)) is not an address like https://example.com/page\(mail)")
        return nil
    }

    /// An `https` or `http` address with its host in ASCII; nil for anything else.
    static func webAddress(_ text: String) -> String? {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        let rest = text[scheme.upperBound...]
        let end = rest.utf8.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        guard let origin = WebOrigin(text[..<end]), isPlain(rest[end...]) else { return nil }
        return origin.description + rest[end...]
    }

    /// `mailto:` with one address, optionally followed by fields such as a subject (RFC 6068); nil for anything else.
    static func mailAddress(_ text: String) -> String? {
        let scheme = "mailto:"
        guard text.utf8.startsCaseless(with: scheme) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let end = rest.utf8.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        guard isPlain(rest), let address = try? EmailAddress(exactly: String(rest[..<end])) else { return nil }
        return scheme + address.value + rest[end...]
    }

    /// Whether a text has only characters that are allowed unescaped in URLs (RFC 3986, appendix A).
    private static func isPlain(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }
    }
}
