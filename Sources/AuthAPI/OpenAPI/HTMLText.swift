/// Markup made of the document's texts, each of which is escaped on its way in.
enum HTMLText {
    /// The text with the five characters that mean something in HTML escaped.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The text in a `code` element, which may break after a slash or an underscore on a narrow screen.
    static func code(_ text: String) -> String {
        "<code>\(escaped(text).replacing("/", by: "/<wbr>").replacing("_", by: "_<wbr>"))</code>"
    }

    /// The text with what stands between backticks as code.
    static func inline(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            index.isMultiple(of: 2) ? escaped(String(part)) : code(String(part))
        }.joined()
    }

    /// The text as paragraphs.
    static func paragraphs(_ text: String) -> String {
        text.split(separator: "\n").map { "<p>\(inline(String($0)))</p>\n" }.joined()
    }

    /// JSON as it stands.
    static func example(_ value: JSONValue) -> String {
        "<pre><code>\(escaped(value.pretty))</code></pre>\n"
    }

    /// A command as it stands; on a narrow screen it scrolls, by keyboard too, rather than break in odd places.
    static func command(_ text: String) -> String {
        "<pre class=\"command\" tabindex=\"0\" role=\"group\" aria-label=\"Command\"><code>\(escaped(text))</code></pre>\n"
    }

    /// The text as an element's identifier: lower case, dashes for what is neither letter nor digit.
    static func anchor(_ text: String) -> String {
        String(
            text.lowercased().map { character in
                character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
            }
        )
    }
}
