/// The languages that a browser accepts: `Accept-Language` (RFC 9110, section 12.5.4).
///
/// A language matches its tag and longer ones (`ja-JP` for `ja`; RFC 4647, section 3.4). Entries that violate the
/// grammar are ignored, and so is everything beyond the limits below.
struct AcceptLanguage: Sendable {
    /// The maximum number of bytes to read.
    static let maximumLength = 1024
    /// The maximum number of entries to read.
    static let maximumCount = 32

    private struct Range {
        let primary: String
        let hasNoSubtags: Bool
        /// In thousandths.
        let weight: Int
    }

    private let ranges: [Range]

    /// Parses the values of all headers of that name.
    init(_ values: [String]) {
        let bytes = values.joined(separator: ",").utf8.prefix(Self.maximumLength)
        ranges = bytes.split(separator: UInt8(ascii: ","), maxSplits: Self.maximumCount)
            .prefix(Self.maximumCount).compactMap { Self.range(in: $0) }
    }

    /// The language with the highest weight, or English when none is acceptable.
    ///
    /// Of equal weights, the first one wins, and a named language wins over `*`.
    var preferred: SiteLanguage {
        var best: (language: SiteLanguage, weight: Int, place: Int)?
        for language in SiteLanguage.allCases {
            let (weight, place) = standing(of: language)
            guard weight > 0 else { continue }
            if let best, (best.weight, -best.place) >= (weight, -place) { continue }
            best = (language, weight, place)
        }
        return best?.language ?? .english
    }

    /// A language's weight and position.
    private func standing(of language: SiteLanguage) -> (weight: Int, place: Int) {
        let own = ranges.enumerated().filter { $0.element.primary == language.tag }
        // "Not acceptable", whatever the weights of its variants.
        if own.contains(where: { $0.element.hasNoSubtags && $0.element.weight == 0 }) { return (0, 0) }
        if let best = own.max(by: { ($0.element.weight, -$0.offset) < ($1.element.weight, -$1.offset) }) {
            return (best.element.weight, best.offset)
        }
        return (ranges.first { $0.primary.isExactly("*") }?.weight ?? 0, ranges.count)
    }

    private static func range(in entry: some Collection<UInt8>) -> Range? {
        let halves = entry.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { trimmed($0) }
        guard halves.count <= 2, let tag = halves.first,
            let weight = halves.count == 2 ? Self.thousandths(halves[1]) : 1000
        else { return nil }
        if tag == [UInt8(ascii: "*")] { return Range(primary: "*", hasNoSubtags: true, weight: weight) }
        let subtags = tag.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard subtags.allSatisfy({ (1...8).contains($0.count) && $0.allSatisfy(\.isASCIIAlphanumeric) }),
            let primary = subtags.first
        else { return nil }
        return Range(
            primary: String(decoding: primary, as: UTF8.self).lowercased(),
            hasNoSubtags: subtags.count == 1,
            weight: weight
        )
    }

    /// The weight in `q=0.5` (RFC 9110, section 12.4.2); nil when it is none.
    private static func thousandths(_ text: [UInt8]) -> Int? {
        guard text.count >= 3, text.count <= 7, text[0] | 0x20 == UInt8(ascii: "q"), text[1] == UInt8(ascii: "=")
        else { return nil }
        let digits = text.dropFirst(2)
        guard let first = digits.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1") else { return nil }
        var weight = first == UInt8(ascii: "1") ? 1000 : 0
        guard digits.count > 1 else { return weight }
        guard digits.dropFirst().first == UInt8(ascii: ".") else { return nil }
        var unit = 100
        for digit in digits.dropFirst(2) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            weight += Int(digit - UInt8(ascii: "0")) * unit
            unit /= 10
        }
        return weight <= 1000 ? weight : nil
    }

    private static func trimmed(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return Array(bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
