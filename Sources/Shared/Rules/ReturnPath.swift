/// A page of this site to return to after signing in; never an address elsewhere, and never one that does something.
///
/// OWASP "Unvalidated Redirects and Forwards": only paths that start with a single slash and hold nothing that a
/// browser reads as a host (`//`, a backslash) or drops while reading (control characters, blanks). Paths of the API are
/// refused because some of them act on GET: a link of this site to one of them is a request of this site.
public struct ReturnPath: Sendable, Hashable {
    /// The most bytes.
    public static let maximumLength = 512
    /// The home page.
    public static let home = ReturnPath(trusted: "/")

    /// The first segments of paths that are no pages to return to, in lower case: the API, and what only takes forms or
    /// sends the browser on.
    private static let reserved = ["api", "logout", "language", "signed-in"]

    /// The path, with its query if it has one.
    public let value: String

    private init(trusted value: String) { self.value = value }

    /// Reads an address that came from outside; nil when it could lead elsewhere, or to something that acts.
    public init?(_ text: String) {
        guard Self.staysOnThisSite(text), let path = Self.decodedPath(of: text),
            !Self.reserved.contains(where: { path.first?.elementsEqual($0.utf8) == true })
        else { return nil }
        value = text
    }

    /// Whether every browser and proxy takes the text for an address of this site, in the one spelling that it has.
    public static func staysOnThisSite(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= maximumLength, bytes.first == UInt8(ascii: "/"),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return false }
        return decodedPath(of: text) != nil
    }

    /// The segments of the path as the most tolerant reader understands them.
    ///
    /// Escapes are resolved, letters are in lower case, and what stands behind a semicolon (RFC 3986, section 3.3) and dots
    /// at the end are left out. Nil when there is more than one reading: an empty segment, one that begins with a dot, an
    /// escaped separator or control character.
    private static func decodedPath(of text: String) -> [[UInt8]]? {
        let path = text.utf8.dropFirst().prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        var segments: [[UInt8]] = []
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            guard !part.isEmpty || index == parts.count - 1, let bytes = decoded(Array(part)),
                bytes.first != UInt8(ascii: ".")
            else { return nil }
            var segment = bytes.prefix { $0 != UInt8(ascii: ";") }
            while let last = segment.last, last == UInt8(ascii: ".") || last == UInt8(ascii: " ") {
                segment.removeLast()
            }
            guard !segment.isEmpty || part.isEmpty else { return nil }
            segments.append(segment.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 })
        }
        return segments
    }

    /// Resolves escapes until none is left, because several servers in a row may each resolve one layer.
    ///
    /// Nil for an escaped separator or control character. An incomplete escape stands for itself.
    private static func decoded(_ part: [UInt8]) -> [UInt8]? {
        var bytes = part
        while true {
            var resolved: [UInt8] = []
            var index = 0
            while index < bytes.count {
                if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                    let high = bytes[index + 1].hexDigit, let low = bytes[index + 2].hexDigit
                {
                    let byte = high << 4 | low
                    guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "\\") else {
                        return nil
                    }
                    resolved.append(byte)
                    index += 3
                } else {
                    resolved.append(bytes[index])
                    index += 1
                }
            }
            // Every layer is at least two bytes shorter.
            if resolved.count == bytes.count { return resolved }
            bytes = resolved
        }
    }
}
