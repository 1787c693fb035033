/// Why a value violates its rule.
///
/// The caller adds the field.
public struct RuleViolation: Error, Sendable, Equatable {
    /// The rule, from the closed list.
    public let code: FieldErrorCode
    /// One English sentence: what the value must be.
    public let detail: String

    /// Creates a violation.
    public init(_ code: FieldErrorCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The violation as an error of the named field.
    public func inField(_ field: String) -> FieldError {
        FieldError(field: field, code: code, detail: detail)
    }
}

extension String {
    /// The text without surrounding white space.
    public func trimmingBlanks() -> String {
        guard let first = unicodeScalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(unicodeScalars[first...last])
    }
}
