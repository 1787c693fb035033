/// The one error that features throw; its text is safe to send to anybody.
///
/// What must stay private goes into `cause`, which is logged and never sent.
public struct APIError: Error {
    /// What went wrong, from the closed list.
    public let code: APIErrorCode
    /// One English sentence for whoever reads the answer.
    public let detail: String
    /// The fields at fault, if the body was.
    public let fields: [FieldError]
    /// Seconds after which to try again, for `Retry-After`.
    public let retryAfter: Int?
    /// The methods that the path takes, for `Allow`.
    public let allow: [String]
    /// The private reason, for the log.
    public let cause: (any Error)?

    /// Makes an error; without a detail the code's title is used.
    public init(
        _ code: APIErrorCode,
        detail: String? = nil,
        fields: [FieldError] = [],
        retryAfter: Int? = nil,
        allow: [String] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.detail = detail ?? "\(code.title)."
        self.fields = fields
        self.retryAfter = retryAfter
        self.allow = allow
        self.cause = cause
    }

    /// The error for fields that break their rules.
    public static func invalidFields(_ fields: [FieldError]) -> APIError {
        APIError(.invalidFields, detail: "Some fields are invalid; see errors.", fields: fields)
    }
}

/// What is wrong with one field.
public struct FieldError: Codable, Sendable, Equatable {
    /// The field's name in the request body.
    public let field: String
    /// What is wrong, from the closed list.
    public let code: FieldErrorCode
    /// One English sentence saying what the field must be.
    public let detail: String

    /// Makes a field error.
    public init(field: String, code: FieldErrorCode, detail: String) {
        self.field = field
        self.code = code
        self.detail = detail
    }
}
