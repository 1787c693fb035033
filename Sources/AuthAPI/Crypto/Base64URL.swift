import FoundationEssentials
import Shared

/// Base 64 with the alphabet for addresses and without padding (RFC 4648, section 5), as JOSE and PKCE use it.
enum Base64URL {
    /// Writes bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let standard = Data(bytes).base64EncodedString().utf8.prefix { $0 != UInt8(ascii: "=") }
        return String(
            decoding: standard.map { byte in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            },
            as: UTF8.self
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
        guard let bytes = Data(base64Encoded: standard), encode(bytes).isExactly(text) else { return nil }
        return Array(bytes)
    }
}
