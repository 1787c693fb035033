/// A code of a one-time link, typed or pasted by a user: the code alone, or the link that ends with it.
public enum TypedCode {
    /// The maximum length of the text in bytes: a whole link may be pasted.
    public static let maximumLength = 2048

    /// The code in a text, cleaned like an email address; nil when the text is too long.
    ///
    /// The link may be in angle brackets (RFC 3986, appendix C). Callers check the length and characters of the code.
    public static func code(in text: String) -> String? {
        guard text.utf8.count <= maximumLength else { return nil }
        var link = text.cleaningTyped()
        if link.utf8.first == UInt8(ascii: "<"), link.utf8.last == UInt8(ascii: ">") {
            link = String(Substring(link.utf8.dropFirst().dropLast())).trimmingBlanks()
        }
        let parts = link.utf8.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
        return parts.last.map { String(Substring($0)) }
    }

    /// Whether nothing visible was typed.
    public static func isMissing(_ text: String) -> Bool {
        text.utf8.count <= maximumLength && text.cleaningTyped().isEmpty
    }
}
