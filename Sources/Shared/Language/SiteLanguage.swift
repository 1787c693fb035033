public import Hummingbird

/// The languages of the site.
public enum SiteLanguage: String, Sendable, CaseIterable {
    /// English, the default.
    case english = "en"
    /// Japanese.
    case japanese = "ja"

    /// The cookie with the visitor's choice.
    public static let cookieName = "language"
    /// The request headers that determine the language, for `Vary` (RFC 9110, section 12.5.5).
    public static let vary = "Accept-Language, Cookie"

    /// The tag for `lang` and `Content-Language` (BCP 47).
    public var tag: String { rawValue }

    /// The language's name in that language.
    public var name: String {
        switch self {
        case .english: "English"
        case .japanese: "日本語"
        }
    }

    /// The language of the response: the visitor's choice, otherwise the browser's preference.
    public init(for request: Request) {
        let prefix = "\(Self.cookieName)="
        let cookie = request.headers.cookiePairs.first { $0.begins(with: prefix) }
        if let chosen = cookie.flatMap({ SiteLanguage(exactly: Substring($0.utf8.dropFirst(prefix.utf8.count))) }) {
            self = chosen
        } else {
            self = AcceptLanguage(request.headers[values: .acceptLanguage]).preferred
        }
    }
}
