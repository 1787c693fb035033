// Comparing text from outside.
//
// `==`, `switch`, `hasPrefix`, `contains`, `Hasher` and `init(rawValue:)` compare a String by canonical equivalence.
// For a long run of combining characters in an unusual order, that takes quadratic time: seconds for a request of 60
// KB. Text from outside is therefore compared as bytes. hooks/outside-text reports other comparisons.

extension StringProtocol {
    /// Whether the text has the same bytes as another.
    public func isExactly(_ other: some StringProtocol) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether the text begins with the bytes of another.
    public func begins(with prefix: some StringProtocol) -> Bool { utf8.starts(with: prefix.utf8) }

    /// Whether the text equals an ASCII text, ignoring case.
    public func isCaseless(_ word: StaticString) -> Bool {
        utf8.count == word.utf8CodeUnitCount
            && word.withUTF8Buffer { word in
                zip(utf8, word).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
            }
    }

    /// Whether the bytes of another text occur in this one.
    public func contains(bytesOf other: some StringProtocol) -> Bool {
        let needle = Array(other.utf8), text = Array(utf8)
        guard let first = needle.first, needle.count <= text.count else { return needle.isEmpty }
        return (0...(text.count - needle.count)).contains { start in
            text[start] == first && text[start..<(start + needle.count)].elementsEqual(needle)
        }
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    /// The case whose raw value has the same bytes as a text from outside.
    public init?(exactly text: some StringProtocol) {
        guard let found = Self.allCases.first(where: { text.isExactly($0.rawValue) }) else { return nil }
        self = found
    }
}

extension Collection<UInt8> {
    /// Whether the bytes begin with an ASCII text, ignoring case.
    public func startsCaseless(with prefix: String) -> Bool {
        count >= prefix.utf8.count && zip(self, prefix.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UInt8 {
    /// The byte, with ASCII letters in lower case.
    var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

    /// Whether the byte is an ASCII letter or digit.
    public var isASCIIAlphanumeric: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
