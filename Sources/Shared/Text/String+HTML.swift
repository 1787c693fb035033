extension String {
    /// The text escaped for HTML text and quoted attributes, by code point.
    ///
    /// By code point, as browsers do: a quote followed by a combining mark is a single `Character` that differs from a
    /// quote, but would end an attribute. NUL becomes U+FFFD, as in browsers.
    public var escapedForHTML: String {
        var escaped = ""
        escaped.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\0": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
