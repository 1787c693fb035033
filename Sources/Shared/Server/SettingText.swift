/// What the text of a setting may be, wherever it comes from.
enum SettingText {
    /// The text without white space and byte order marks around it: files end in a line break, on Windows in two
    /// characters, and editors there begin them with a mark.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    /// The character that the text must not hold, in words that do not repeat the text; nil when there is none.
    ///
    /// What cannot be seen is never meant: it comes from a line that was broken or from a page that was copied.
    static func forbidden(in text: String) -> String? {
        for (index, scalar) in text.unicodeScalars.enumerated() {
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
