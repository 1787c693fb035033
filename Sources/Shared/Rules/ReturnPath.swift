/// A page of this site to return to after signing in; never an address elsewhere.
///
/// OWASP "Unvalidated Redirects and Forwards": only paths that start with a single slash and hold nothing that a
/// browser reads as a host (`//`, a backslash) or drops while reading (control characters, blanks).
public struct ReturnPath: Sendable, Hashable {
    /// The most bytes.
    public static let maximumLength = 512
    /// The home page.
    public static let home = ReturnPath(trusted: "/")

    /// The path, with its query if it has one.
    public let value: String

    private init(trusted value: String) { self.value = value }

    /// Reads an address that came from outside; nil when it could lead elsewhere.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumLength, bytes.first == UInt8(ascii: "/") else { return nil }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else { return nil }
        let path = text.prefix { $0 != "?" && $0 != "#" }
        guard !path.contains("//"), !path.contains("/.") else { return nil }
        // Some servers in between decode these before a browser sees them.
        let lowered = path.lowercased()
        guard !lowered.contains("%2f"), !lowered.contains("%5c"), !lowered.contains("%2e") else { return nil }
        value = text
    }
}
