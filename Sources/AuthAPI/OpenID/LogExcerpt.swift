import Shared

/// A short text from outside for the log: visible ASCII, everything else escaped, truncated to a fixed length.
///
/// For public values only: issuers, client IDs, error codes of RFC 6749. None of these has an `@`, so a text with one is
/// withheld: it may be an email address, or a URL with a password.
struct LogExcerpt: Sendable, CustomStringConvertible {
    /// The maximum number of bytes to keep.
    static let maximumLength = 200

    let description: String

    init(_ text: some StringProtocol) {
        guard !text.utf8.contains(UInt8(ascii: "@")) else {
            description = "(withheld: it has an @)"
            return
        }
        var excerpt = ""
        for byte in text.utf8.prefix(Self.maximumLength) {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "\\") {
                excerpt.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                excerpt += "\\x" + [byte].hex
            }
        }
        description = text.utf8.count > Self.maximumLength ? excerpt + "…" : excerpt
    }

    /// An error code of a provider (RFC 6749, sections 4.1.2.1 and 5.2); nil for anything that does not look like one.
    init?(errorCode text: some StringProtocol) {
        let isCode =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
            }
        guard isCode else { return nil }
        description = String(text)
    }
}
