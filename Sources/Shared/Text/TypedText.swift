extension String {
    /// The typed or pasted text without invisible characters and surrounding white space, and with full-width forms of
    /// ASCII converted to ASCII.
    ///
    /// The script of the pages does the same (`site.js`, `cleanEmail`). Callers limit the length first.
    func cleaningTyped() -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars where !scalar.isInvisible { scalars.append(scalar.asciiForm) }
        return String(scalars).trimmingBlanks()
    }
}

extension Unicode.Scalar {
    /// Whether it is a format character (general category Cf), another character without width, or BRAILLE PATTERN
    /// BLANK.
    fileprivate var isInvisible: Bool {
        guard value > 0x7F else { return false }
        return properties.generalCategory == .format || properties.isDefaultIgnorableCodePoint || value == 0x2800
    }

    /// The ASCII character of which this is a wide or small form, otherwise the character itself (Unicode, "Halfwidth
    /// and Fullwidth Forms", "Small Form Variants"; UTS #46, section 2.3, for the full stops).
    fileprivate var asciiForm: Unicode.Scalar {
        switch value {
        case 0xFF01...0xFF5E: Unicode.Scalar(UInt8(value - 0xFEE0))
        case 0x3002, 0xFF61, 0x2024: "."
        default: Self.smallForms[self] ?? self
        }
    }

    /// The small form variants with a compatibility mapping to ASCII.
    private static let smallForms = Dictionary(
        uniqueKeysWithValues: zip("﹐﹒﹔﹕﹖﹗﹙﹚﹛﹜﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫".unicodeScalars, ",.;:?!(){}#&*+-<>=\\$%@".unicodeScalars)
    )
}
