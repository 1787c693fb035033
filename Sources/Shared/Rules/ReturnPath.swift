/// A page of this site to return to after signing in; never another site, and never a path with side effects.
///
/// OWASP "Unvalidated Redirects and Forwards": only paths that start with a single slash and contain nothing that a
/// browser parses as a host (`//`, a backslash) or removes (control characters, white space). Paths of the API and the
/// download of the user's data are rejected because they have side effects on GET, and a redirect counts as a request
/// from this site.
public struct ReturnPath: Sendable, Hashable {
    /// The maximum length in bytes.
    public static let maximumLength = 512
    /// The home page.
    public static let home = ReturnPath(trusted: "/")

    /// The first segments of paths that are not pages, in lower case: the API, paths that only accept forms or
    /// redirect, and the download of the user's data.
    private static let reserved: [[[UInt8]]] = [
        "api", "logout", "language", "signed-in", "account/data/download",
    ].map { path in path.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) } }

    /// The path, with its query if it has one.
    public let value: String

    private init(trusted value: String) { self.value = value }

    /// Parses a path from a client; nil when it could lead to another site, or to a path with side effects.
    public init?(_ text: String) {
        guard Self.staysOnThisSite(text), let path = Self.decodedPath(of: text),
            !Self.reserved.contains(where: { path.starts(with: $0) })
        else { return nil }
        value = text
    }

    /// Whether every browser and proxy reads the text as a path of this site, in its canonical form.
    public static func staysOnThisSite(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= maximumLength, bytes.first == UInt8(ascii: "/"),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return false }
        return decodedPath(of: text) != nil
    }

    /// The segments of the path as the most tolerant parser reads them.
    ///
    /// Escapes are decoded, letters are in lower case, and parameters after a semicolon (RFC 3986, section 3.3) and
    /// dots at the end are removed. Nil when the path is ambiguous: an empty segment, one that begins with a dot, an
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

    /// Decodes escapes until none is left, because each of several servers may decode one layer.
    ///
    /// Nil for an escaped separator or control character. An incomplete escape is kept.
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
