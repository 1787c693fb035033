/// An email address in the stored form: ASCII, lower case, at most 254 bytes.
///
/// The syntax is that of the HTML `email` input (WHATWG HTML, "valid email address"), so that browser and server agree,
/// restricted to addresses that are deliverable on the internet: a domain of at least two labels, no leading, trailing
/// or repeated dots in the local part, and the lengths of RFC 5321, section 4.5.3.1. Non-ASCII domains are rejected;
/// their ASCII form (`xn--…`), which forms send (``fromForm(_:)``), is accepted.
public struct EmailAddress: Sendable, Hashable {
    /// The maximum length of an address in bytes (RFC 3696, erratum 1690).
    public static let maximumLength = 254
    /// The maximum length of typed text in bytes.
    private static let maximumTypedLength = 4096

    /// The address in lower case.
    public let value: String

    /// The part before the “@”.
    public var localPart: Substring { Substring(value.utf8.prefix { $0 != UInt8(ascii: "@") }) }
    /// The part after the “@”.
    public var domain: Substring { Substring(value.utf8.dropFirst(localPart.utf8.count + 1)) }

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
    /// ASCII converted to ASCII; a text that is too long is not changed.
    public static func cleaned(_ text: String) -> String {
        text.utf8.count <= maximumTypedLength ? text.cleaningTyped() : text
    }

    /// The text of a form, cleaned, and with an internationalized domain in its ASCII form, which Chromium sends instead of
    /// the typed domain and other browsers do not.
    public static func fromForm(_ text: String) -> String {
        let cleaned = cleaned(text)
        let parts = cleaned.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].allSatisfy({ $0 < 0x80 }), let host = try? HostName(Substring(parts[1]))
        else { return cleaned }
        return "\(Substring(parts[0]))@\(host.ascii)"
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
}
