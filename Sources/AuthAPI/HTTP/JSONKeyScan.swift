/// What the decoder does not tell about a JSON text, or tolerates where RFC 8259 does not.
///
/// The decoder keeps one of two equal keys, repairs bytes that are not UTF-8, and lets control characters and a comma
/// before a closing brace pass. And looking up a long key of combining characters costs it time in the square of the
/// key's length, so the length has to be known before.
struct JSONKeyScan {
    /// How many keys the outermost object has, duplicates counted.
    private(set) var count = 0
    /// How many bytes the longest key at any depth has, escapes as written.
    private(set) var longest = 0

    /// Reads a text; nil when it is not what RFC 8259 allows.
    ///
    /// A text that is not JSON at all may pass: the decoder refuses it.
    init?(_ bytes: [UInt8]) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var depth = 0
        var stringStart: Int?
        var lastStringLength = 0
        var isEscaped = false
        var last: UInt8 = 0
        for (index, byte) in bytes.enumerated() {
            if let start = stringStart {
                guard byte >= 0x20 else { return nil }
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    lastStringLength = index - start - 1
                    stringStart = nil
                    last = byte
                }
                continue
            }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            case UInt8(ascii: "\""): stringStart = index
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard last != UInt8(ascii: ",") else { return nil }
                depth -= 1
            case UInt8(ascii: ":"):
                if depth == 1 { count += 1 }
                longest = max(longest, lastStringLength)
            default: break
            }
            last = byte
        }
    }
}
