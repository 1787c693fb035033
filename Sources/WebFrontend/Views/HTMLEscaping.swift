import Mustache
import Shared

/// Escapes text for HTML by Unicode scalar.
///
/// The library's own escaping looks at characters, where a quote with a combining mark behind it is no quote; a browser
/// reads code points and sees the quote end the attribute.
struct HTMLEscaping: MustacheContentType {
    /// The name under which templates ask for it.
    static let name = "STRICT_HTML"

    func escapeText(_ text: String) -> String { text.escapedForHTML }
}
