import Shared

/// Reading and writing of `application/x-www-form-urlencoded` (WHATWG URL Standard, section 5), strictly.
enum FormCoding {
    /// More fields than any form of this site has.
    static let maximumFieldCount = 32
    /// More bytes than any field's name has, escapes as written.
    ///
    /// Looking up a name of combining characters costs time in the square of its length, so the length comes first.
    static let maximumNameLength = 64

    /// Reads names and values.
    ///
    /// - Throws: ``APIError`` with `malformed_request` for a broken escape, text that is not UTF-8, a field given twice,
    ///   a long name, or too many fields.
    static func decode(_ bytes: some Collection<UInt8>) throws(APIError) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard halves[0].count <= maximumNameLength else {
                throw APIError(.malformedRequest, detail: "A field's name is too long.")
            }
            let name = try text(halves[0])
            let value = halves.count > 1 ? try text(halves[1]) : ""
            guard fields.updateValue(value, forKey: name) == nil else {
                throw APIError(.malformedRequest, detail: "A field is given twice.")
            }
            guard fields.count <= maximumFieldCount else {
                throw APIError(.malformedRequest, detail: "There are too many fields.")
            }
        }
        return fields
    }

    /// Writes a value for a query.
    static func encode(_ text: String) -> String { text.percentEncoded }

    private static func text(_ escaped: some Collection<UInt8>) throws(APIError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(escaped.count)
        var iterator = escaped.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else {
                    throw APIError(.malformedRequest, detail: "A field has a broken escape.")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw APIError(.malformedRequest, detail: "A field is not UTF-8.")
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
