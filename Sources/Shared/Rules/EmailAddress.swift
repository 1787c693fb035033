/// An email address in the stored form: ASCII, lower case, at most 254 bytes.
///
/// The syntax is that of the HTML `email` input (WHATWG HTML, "valid email address"), so that browser and server agree,
/// restricted to addresses that are deliverable on the internet: a domain of at least two labels, no leading, trailing
/// or repeated dots in the local part, and the lengths of RFC 5321, section 4.5.3.1. Non-ASCII domains are rejected;
/// their ASCII form (`xn--…`), which browsers send, is accepted.
public struct EmailAddress: Sendable, Hashable {
    /// The maximum length of an address in bytes (RFC 3696, erratum 1690).
    public static let maximumLength = 254
    /// The maximum length of typed text in bytes.
    private static let maximumTypedLength = 4096

    /// The address in lower case.
    public let value: String

    /// Parses typed or pasted text, cleaned by ``cleaned(_:)``.
    ///
    /// - Throws: ``RuleViolation`` with the reason when it is not an address.
    public init(_ text: String) throws(RuleViolation) {
        guard text.utf8.count <= Self.maximumTypedLength else { throw Self.tooLong }
        try self.init(exactly: Self.cleaned(text))
    }

    /// Parses an address from a provider or another program, and removes surrounding white space only: cleaning a
    /// verified address could turn it into another user's address.
    ///
    /// - Throws: ``RuleViolation`` when it is not an address.
    public init(exactly text: String) throws(RuleViolation) {
        guard text.utf8.count <= Self.maximumTypedLength else { throw Self.tooLong }
        let trimmed = text.trimmingBlanks()
        guard !trimmed.isEmpty else { throw RuleViolation(.required, "Enter an email address.") }
        guard trimmed.utf8.count <= Self.maximumLength else { throw Self.tooLong }
        if let fault = Fault(in: Array(trimmed.utf8)) { throw RuleViolation(.invalidEmail, fault.detail) }
        value = trimmed.lowercased()
    }

    /// The typed or pasted text without invisible characters and surrounding white space, and with full-width forms of
    /// ASCII converted to ASCII.
    ///
    /// The script of the pages does the same (`site.js`, `cleanEmail`). A text that is too long is not changed.
    public static func cleaned(_ text: String) -> String {
        guard text.utf8.count <= maximumTypedLength else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isInvisible(scalar) { scalars.append(folded(scalar)) }
        return String(scalars).trimmingBlanks()
    }

    /// The fault of a typed text that is not an address; nil when it is one, or is missing or too long.
    public static func fault(in text: String) -> Fault? {
        let cleaned = cleaned(text)
        guard !cleaned.isEmpty, cleaned.utf8.count <= maximumLength else { return nil }
        return Fault(in: Array(cleaned.utf8))
    }

    private static var tooLong: RuleViolation {
        RuleViolation(.tooLong, "The email address may have at most \(maximumLength) characters.")
    }

    /// Format characters (general category Cf) and other characters without width.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value > 0x7F else { return false }
        return scalar.properties.generalCategory == .format || scalar.properties.isDefaultIgnorableCodePoint
    }

    /// The ASCII character of which a character is a wide or small form (Unicode, "Halfwidth and Fullwidth Forms",
    /// "Small Form Variants"; UTS #46, section 2.3, for the full stops).
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(UInt8(scalar.value - 0xFEE0))
        case 0x3002, 0xFF61, 0x2024: "."
        default: smallForms[scalar] ?? scalar
        }
    }

    /// The small form variants with a compatibility mapping to ASCII.
    private static let smallForms = Dictionary(
        uniqueKeysWithValues: zip("﹐﹒﹔﹕﹖﹗﹙﹚﹛﹜﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫".unicodeScalars, ",.;:?!(){}#&*+-<>=\\$%@".unicodeScalars)
    )
}
