import Mustache

/// Escapes text for HTML by Unicode scalar.
///
/// The library's own escaping looks at characters, where a quote with a combining mark behind it is no quote; a browser
/// reads code points and sees the quote end the attribute.
struct HTMLEscaping: MustacheContentType {
    /// The name under which templates ask for it.
    static let name = "STRICT_HTML"

    func escapeText(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // A browser replaces NUL with U+FFFD anyway, and drops carriage returns.
            case "\0": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
