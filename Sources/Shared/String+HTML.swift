extension String {
    /// The text with what means something in HTML text and quoted attributes escaped, code point by code point.
    ///
    /// By code point, because a browser reads those: a quote with a combining mark behind it is one `Character` that is
    /// no quote, and would all the same end an attribute. NUL becomes U+FFFD, as browsers show it.
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
