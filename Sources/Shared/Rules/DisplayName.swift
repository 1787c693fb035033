/// The name that a user chose to be shown.
///
/// Any script is welcome. Refused are control characters, line breaks, and the characters that change the direction of
/// the text around them (UTS #55, section 2.1.2): with those a name could rewrite the look of a page or a log.
public struct DisplayName: Sendable, Hashable {
    /// The most code points.
    public static let maximumLength = 200

    /// The name without surrounding blanks.
    public let value: String

    /// Reads what a person typed; surrounding blanks are dropped.
    ///
    /// - Throws: ``RuleViolation`` when it is no name.
    public init(_ text: String) throws(RuleViolation) {
        let trimmed = text.trimmingBlanks()
        guard trimmed.unicodeScalars.count <= Self.maximumLength else {
            throw RuleViolation(.tooLong, "The name may have at most \(Self.maximumLength) characters.")
        }
        guard !trimmed.unicodeScalars.contains(where: Self.isForbidden) else {
            throw RuleViolation(.invalidCharacter, "The name may not have control or direction characters.")
        }
        guard trimmed.unicodeScalars.contains(where: Self.isVisible) else {
            throw RuleViolation(.required, "Enter a name.")
        }
        value = trimmed
    }

    /// Makes the nearest name of what a provider calls a person: characters that a name may not have become blanks, and
    /// what is too long is cut; nil when nothing to show is left.
    public init?(cleaning text: String) {
        var scalars = String.UnicodeScalarView()
        // Cutting first keeps the work small; blanks at the start are the provider's own fault.
        for scalar in text.unicodeScalars.prefix(4 * Self.maximumLength) {
            scalars.append(Self.isForbidden(scalar) ? " " : scalar)
        }
        var name = String(scalars).trimmingBlanks()
        // Whole characters, so that no letter loses its accent.
        while name.unicodeScalars.count > Self.maximumLength { name.removeLast() }
        try? self.init(name)
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory != .format && !scalar.properties.isWhitespace
            && !scalar.properties.isDefaultIgnorableCodePoint
    }
}
