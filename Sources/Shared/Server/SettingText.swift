/// The rules for the text of a setting, whatever its source.
enum SettingText {
    /// The text without surrounding white space and byte order marks: files end in a line break, and editors on Windows
    /// add byte order marks.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    /// The forbidden character in the text, described without repeating the text; nil when there is none.
    ///
    /// Invisible characters are never intended: they come from wrapped lines or copied pages. Bytes of the environment
    /// that are not UTF-8 have become U+FFFD, so the value is not the one that was set.
    static func forbidden(in text: String) -> String? {
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if scalar.value == 0xFFFD { return "bytes that are not UTF-8 as character \(index + 1)" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                return "\(name(of: scalar)) as character \(index + 1)"
            default: continue
            }
        }
        return nil
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar.value == 0xFEFF
    }

    private static func name(of scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0: return "a NUL character"
        case 0x09: return "a tab"
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: return "a line break"
        default:
            let code = String(scalar.value, radix: 16, uppercase: true)
            return "the invisible character U+" + String(repeating: "0", count: max(0, 4 - code.count)) + code
        }
    }
}
