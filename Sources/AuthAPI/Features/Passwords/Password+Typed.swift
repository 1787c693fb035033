import Shared

extension Password {
    /// The maximum length of a password to check in code points; imported users may have one by other rules.
    static let maximumTypedLength = 1024

    /// Creates a password to check.
    static func typed(_ text: String) throws(RuleViolation) -> Password {
        guard !text.isEmpty else { throw RuleViolation(.required, "Enter a password.") }
        guard text.unicodeScalars.count <= maximumTypedLength else {
            throw RuleViolation(.tooLong, "The password may have at most \(maximumTypedLength) characters.")
        }
        return Password(text)
    }
}
