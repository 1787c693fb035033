import Shared

extension Password {
    /// The most code points of a password that is checked; imported users may have chosen theirs by other rules.
    static let maximumTypedLength = 1024

    /// A password that is to be checked.
    static func typed(_ text: String) throws(RuleViolation) -> Password {
        guard !text.isEmpty else { throw RuleViolation(.required, "Enter a password.") }
        guard text.unicodeScalars.count <= maximumTypedLength else {
            throw RuleViolation(.tooLong, "The password may have at most \(maximumTypedLength) characters.")
        }
        return Password(text)
    }
}
