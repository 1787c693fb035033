public import HTTPTypes

extension HTTPFields {
    /// The cookies of a request as `name=value`, unchanged and in order.
    ///
    /// Spaces and tabs around a cookie do not belong to it, even where a proxy has merged several headers into one (RFC
    /// 9110, section 5.5).
    public var cookiePairs: [Substring] {
        self[fields: .cookie].flatMap { field in
            field.value.utf8.split(separator: UInt8(ascii: ";")).compactMap { pair in
                let trimmed = Self.trimmed(pair)
                return trimmed.isEmpty ? nil : Substring(trimmed)
            }
        }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
