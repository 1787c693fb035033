import FoundationEssentials

/// A UUID that is encoded in lower case.
@propertyWrapper
struct LowercaseUUID: Sendable, Equatable, Encodable {
    var wrappedValue: UUID

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.lowercaseText)
    }
}

extension UUID {
    /// The text of RFC 9562, section 4, in lower case.
    ///
    /// Every response with a user contains one, and `uuidString` takes longer than the rest of the encoding.
    var lowercaseText: String {
        let digits = Self.hexadecimalDigits
        return unsafe String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for (index, byte) in unsafe withUnsafeBytes(of: uuid, { unsafe Array($0) }).enumerated() {
                if [4, 6, 8, 10].contains(index) {
                    unsafe text[place] = UInt8(ascii: "-")
                    place += 1
                }
                unsafe text[place] = digits[Int(byte >> 4)]
                unsafe text[place + 1] = digits[Int(byte & 0xF)]
                place += 2
            }
            return place
        }
    }

    private static let hexadecimalDigits = Array("0123456789abcdef".utf8)
}
