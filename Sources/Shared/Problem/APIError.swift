/// The error that features throw; its text is safe to send to any client.
///
/// Private details go into `cause`, which is logged and never sent.
public struct APIError: Error {
    /// The code, from the closed list.
    public let code: APIErrorCode
    /// One English sentence for the reader of the response.
    public let detail: String
    /// The invalid fields of the body.
    public let fields: [FieldError]
    /// The delay before a retry in seconds, for `Retry-After`.
    public let retryAfter: Int?
    /// The methods that the path accepts, for `Allow`.
    public let allow: [String]
    /// The private reason, for the log.
    public let cause: (any Error)?

    /// Creates an error; without a detail, the code's title is used.
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

    /// The error for an unknown path.
    public static let nothingHere = APIError(.notFound, detail: "There is nothing at this path.")

    /// The error for fields that break their rules.
    public static func invalidFields(_ fields: [FieldError]) -> APIError {
        APIError(.invalidFields, detail: "Some fields are invalid; see errors.", fields: fields)
    }
}

/// The error of one field.
public struct FieldError: Codable, Sendable, Equatable {
    /// The field's name in the request body.
    public let field: String
    /// The code, from the closed list.
    public let code: FieldErrorCode
    /// One English sentence: what the field must be.
    public let detail: String

    /// Creates a field error.
    public init(field: String, code: FieldErrorCode, detail: String) {
        self.field = field
        self.code = code
        self.detail = detail
    }
}
