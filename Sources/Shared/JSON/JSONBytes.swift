/// JSON (RFC 8259) written piece by piece, for texts that every request produces.
///
/// `JSONEncoder` takes ten times as long for them; use it for everything else. The caller ensures that the pieces form
/// one value.
public struct JSONBytes {
    /// The text so far, in UTF-8.
    public private(set) var bytes: [UInt8] = []

    /// Starts a text, with capacity for most log lines and responses.
    public init() { bytes.reserveCapacity(512) }

    /// Appends a literal that needs no escaping: punctuation and names.
    public mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends a text unchanged; it must not contain a character that needs escaping.
    public mutating func append(unescaped text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// Appends a non-negative number, padded with zeros to that many digits.
    mutating func append(_ number: Int, digits: Int) {
        var place = 1
        for _ in 1..<digits { place *= 10 }
        while place > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / place % 10))
            place /= 10
        }
    }

    /// Appends a string in quotes; nothing in it can end the string or the line, or control a terminal.
    public mutating func append(string text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            // Nearly every text is plain ASCII; without an early exit the loop is vectorized.
            var others: UInt8 = 0
            for byte in utf8 { others |= Self.isPlain(byte) ? 0 : 1 }
            if others == 0 {
                bytes.append(contentsOf: utf8)
            } else {
                appendEscaped(String(decoding: utf8, as: UTF8.self), escapingQuotes: true)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a string, or `null`.
    public mutating func append(string text: String?) {
        if let text { append(string: text) } else { append("null") }
    }

    /// Appends a text without quotes in which control characters are escaped as in a string.
    mutating func append(escaped text: String) { appendEscaped(text, escapingQuotes: false) }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (byte &- 0x20 < 0x5F) && (byte != UInt8(ascii: "\"")) && (byte != UInt8(ascii: "\\"))
    }

    private mutating func appendEscaped(_ text: String, escapingQuotes: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A: append("\\n")
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                let hex = String(scalar.value, radix: 16)
                append("\\u")
                append(unescaped: String(repeating: "0", count: 4 - hex.utf8.count) + hex)
            case 0x22 where escapingQuotes: append("\\\"")
            case 0x5C where escapingQuotes: append("\\\\")
            default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}
