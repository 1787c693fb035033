/// Checks of a JSON text that the decoder does not perform, or where it tolerates what RFC 8259 forbids.
///
/// The decoder keeps one of two equal keys, repairs invalid UTF-8, and accepts control characters and trailing commas.
/// Looking up a long key of combining characters takes it quadratic time, so the length must be checked before.
struct JSONKeyScan {
    /// The number of keys of the outermost object, including duplicates.
    private(set) var count = 0
    /// The length of the longest key at any depth in bytes, before decoding escapes.
    private(set) var longest = 0

    /// Scans a text; nil when it violates RFC 8259.
    ///
    /// Other invalid texts are accepted: the decoder rejects them.
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
