/// The display name of a user.
///
/// Every script is allowed. Control characters, line breaks and bidirectional formatting characters (UTS #55, section
/// 2.1.2) are rejected: they could change how the text around a name is displayed in a page or a log.
public struct DisplayName: Sendable, Hashable {
    /// The maximum length in code points.
    public static let maximumLength = 200

    /// The name without surrounding white space.
    public let value: String

    /// Parses typed text; surrounding white space is removed.
    ///
    /// - Throws: ``RuleViolation`` when it is not a valid name.
    public init(_ text: String) throws(RuleViolation) {
        let trimmed = text.trimmingBlanks()
        guard trimmed.unicodeScalars.count <= Self.maximumLength else {
            throw RuleViolation(.tooLong, "The name may have at most \(Self.maximumLength) characters.")
        }
        guard !trimmed.unicodeScalars.contains(where: Self.isForbidden) else {
            throw RuleViolation(.invalidCharacter, "The name must not contain control or direction characters.")
        }
        guard trimmed.unicodeScalars.contains(where: Self.isVisible) else {
            throw RuleViolation(.required, "Enter a name.")
        }
        value = trimmed
    }

    /// Creates a valid name from a provider's name: invalid characters become spaces, and a long name is truncated; nil
    /// when nothing is left.
    public init?(cleaning text: String) {
        var scalars = String.UnicodeScalarView()
        // Truncate first, to bound the work.
        for scalar in text.unicodeScalars.prefix(4 * Self.maximumLength) {
            scalars.append(Self.isForbidden(scalar) ? " " : scalar)
        }
        var name = String(scalars).trimmingBlanks()
        // By whole characters, so that no letter loses its accent.
        while name.unicodeScalars.count > Self.maximumLength { name.removeLast() }
        try? self.init(name)
    }

    /// The text of a form, with spaces instead of tabs, which spreadsheets copy, and without characters that embed or
    /// isolate it, which phones copy with a name; users cannot see either.
    ///
    /// Those that override the direction of text remain, and are rejected.
    public static func cleaned(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isEmbedding(scalar) {
            scalars.append(scalar.value == 0x9 ? " " : scalar)
        }
        return String(scalars)
    }

    private static func isEmbedding(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202C).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }

    /// Symbols without ink that are not white space: BRAILLE PATTERN BLANK, OBJECT REPLACEMENT CHARACTER (what is left of
    /// a pasted picture), EGYPTIAN HIEROGLYPH FULL BLANK and HALF BLANK, MUSICAL SYMBOL NULL NOTEHEAD.
    private static let blanks: [UInt32] = [0x2800, 0xFFFC, 0x13441, 0x13442, 0x1D159]

    /// Whether the character shows something without another one before it.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .format, .nonspacingMark, .enclosingMark: return false
        default: break
        }
        return !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint
            && !blanks.contains(scalar.value)
    }
}
