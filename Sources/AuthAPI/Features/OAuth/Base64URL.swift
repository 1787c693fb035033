import FoundationEssentials

/// Base 64 with the alphabet for addresses and without padding (RFC 4648, section 5), as JOSE and PKCE use it.
enum Base64URL {
    /// Writes bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = Data(bytes).base64EncodedString()
        while text.last == "=" { text.removeLast() }
        return String(
            text.map { character in
                switch character {
                case "+": "-"
                case "/": "_"
                default: character
                }
            }
        )
    }

    /// Reads what ``encode(_:)`` writes; nil for anything else: padding, blanks, and bits behind the last byte that are not
    /// zero (RFC 4648, section 3.5), so that no two texts stand for the same bytes.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): standard += "+"
            case UInt8(ascii: "_"): standard += "/"
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: standard.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: standard), encode(bytes) == text else { return nil }
        return Array(bytes)
    }
}
