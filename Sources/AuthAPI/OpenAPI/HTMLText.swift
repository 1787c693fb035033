import Shared

/// Markup from the document's texts, with escaping.
enum HTMLText {
    /// The text in a `code` element, which may break after a slash or an underscore on a narrow screen.
    static func code(_ text: String) -> String {
        "<code>\(text.escapedForHTML.replacing("/", by: "/<wbr>").replacing("_", by: "_<wbr>"))</code>"
    }

    /// The text with the parts between backticks as code.
    static func inline(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            index.isMultiple(of: 2) ? String(part).escapedForHTML : code(String(part))
        }.joined()
    }

    /// The text as paragraphs.
    static func paragraphs(_ text: String) -> String {
        text.split(separator: "\n").map { "<p>\(inline(String($0)))</p>\n" }.joined()
    }

    /// JSON in a `pre` element.
    static func example(_ value: JSONValue) -> String {
        "<pre><code>\(value.pretty.escapedForHTML)</code></pre>\n"
    }

    /// A command in a `pre` element; on a narrow screen it scrolls (with the keyboard, too) instead of breaking lines.
    static func command(_ text: String) -> String {
        "<pre class=\"command\" tabindex=\"0\" role=\"group\" aria-label=\"Command\"><code>\(text.escapedForHTML)</code></pre>\n"
    }

    /// The text as an element's ID: lower case, with dashes instead of other characters than letters and digits.
    static func anchor(_ text: String) -> String {
        String(
            text.lowercased().map { character in
                character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
            }
        )
    }
}
