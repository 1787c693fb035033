import Mustache
import Shared

/// Escapes text for HTML by Unicode scalar.
///
/// The library's escaping works on characters, and does not escape a quote followed by a combining mark; for a browser,
/// which reads code points, that quote ends the attribute.
struct HTMLEscaping: MustacheContentType {
    /// Its name in templates.
    static let name = "STRICT_HTML"

    func escapeText(_ text: String) -> String { text.escapedForHTML }
}
