/// An email address in the form in which accounts are kept: ASCII, lower case, at most 254 bytes.
///
/// The syntax is that of the HTML `email` input (WHATWG HTML, "valid email address"), so that browser and server
/// agree, narrowed to what can be delivered on the internet: a domain of at least two labels, no empty or edge dot in
/// the local part, and the lengths of RFC 5321, section 4.5.3.1. Domains outside ASCII are refused: their ASCII form
/// (`xn--…`) is taken, which is what browsers send.
public struct EmailAddress: Sendable, Hashable {
    /// The most bytes that an address may have (RFC 3696, erratum 1690).
    public static let maximumLength = 254

    /// The address in lower case.
    public let value: String

    /// Reads what a person typed; surrounding blanks are dropped.
    ///
    /// - Throws: ``RuleViolation`` when it is not an address.
    public init(_ text: String) throws(RuleViolation) {
        let trimmed = text.trimmingBlanks()
        guard !trimmed.isEmpty else { throw RuleViolation(.required, "Enter an email address.") }
        guard trimmed.utf8.count <= Self.maximumLength else {
            throw RuleViolation(.tooLong, "The email address may have at most \(Self.maximumLength) characters.")
        }
        guard Self.isWellFormed(Array(trimmed.utf8)) else {
            throw RuleViolation(.invalidEmail, "Enter an email address like name@example.com.")
        }
        value = trimmed.lowercased()
    }

    private static func isWellFormed(_ bytes: [UInt8]) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        return isLocalPart(parts[0]) && isDomain(parts[1])
    }

    private static func isLocalPart(_ part: ArraySlice<UInt8>) -> Bool {
        guard (1...64).contains(part.count) else { return false }
        let atoms = part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return atoms.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtomByte) }
    }

    private static func isDomain(_ part: ArraySlice<UInt8>) -> Bool {
        let labels = part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last, !last.allSatisfy(isDigit) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isAtomByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "!#$%&'*+/=?^_`{|}~-".utf8.contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
