/// An email address in the form in which accounts are kept: ASCII, lower case, at most 254 bytes.
///
/// The syntax is that of the HTML `email` input (WHATWG HTML, "valid email address"), so that browser and server
/// agree, narrowed to what can be delivered on the internet: a domain of at least two labels, no empty or edge dot in
/// the local part, and the lengths of RFC 5321, section 4.5.3.1. Domains outside ASCII are refused: their ASCII form
/// (`xn--…`) is taken, which is what browsers send.
public struct EmailAddress: Sendable, Hashable {
    /// The most bytes that an address may have (RFC 3696, erratum 1690).
    public static let maximumLength = 254
    /// The most bytes of a typed text that are looked at.
    private static let maximumTypedLength = 4096

    /// The address in lower case.
    public let value: String

    /// Reads what a person typed or pasted, cleaned by ``cleaned(_:)``.
    ///
    /// - Throws: ``RuleViolation`` when it is not an address; its detail names what is wrong.
    public init(_ text: String) throws(RuleViolation) {
        guard text.utf8.count <= Self.maximumTypedLength else { throw Self.tooLong }
        try self.init(exactly: Self.cleaned(text))
    }

    /// Reads an address from a program, where nothing but blanks around it may be dropped: what a provider vouches for
    /// must not become somebody else's address by being cleaned.
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

    /// What a person meant by what they typed or pasted: without characters that nobody sees, with full-width forms of
    /// ASCII made ASCII, and without blanks around it.
    ///
    /// The script of the pages does the same (`site.js`, `cleanEmail`). A text too long to be an address is left as it is.
    public static func cleaned(_ text: String) -> String {
        guard text.utf8.count <= maximumTypedLength else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isInvisible(scalar) { scalars.append(folded(scalar)) }
        return String(scalars).trimmingBlanks()
    }

    /// What is wrong with a text that is no address, as it was typed; nil when it is one, or is missing or too long.
    public static func fault(in text: String) -> Fault? {
        let cleaned = cleaned(text)
        guard !cleaned.isEmpty, cleaned.utf8.count <= maximumLength else { return nil }
        return Fault(in: Array(cleaned.utf8))
    }

    private static var tooLong: RuleViolation {
        RuleViolation(.tooLong, "The email address may have at most \(maximumLength) characters.")
    }

    /// Format characters (general category Cf) and whatever else has no width of its own.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value > 0x7F else { return false }
        return scalar.properties.generalCategory == .format || scalar.properties.isDefaultIgnorableCodePoint
    }

    /// The ASCII character of which a character is a wide or small form (Unicode, "Halfwidth and Fullwidth Forms", "Small
    /// Form Variants"; UTS #46, section 2.3, for the full stops).
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(UInt8(scalar.value - 0xFEE0))
        case 0x3002, 0xFF61, 0xFE52: "."
        case 0xFE6B: "@"
        case 0xFE63: "-"
        case 0xFE62: "+"
        default: scalar
        }
    }
}
