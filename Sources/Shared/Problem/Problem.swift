/// The body of every error answer: a problem document (RFC 9457) with this API's extensions.
public struct Problem: Codable, Sendable, Equatable {
    /// The media type of problem documents (RFC 9457, section 3).
    public static let mediaType = "application/problem+json"

    /// Always `about:blank`: the code tells problems apart (RFC 9457, section 4.2.1).
    public let type: String
    /// The code's summary.
    public let title: String
    /// The HTTP status, repeated from the answer's head.
    public let status: Int
    /// One sentence about this occurrence.
    public let detail: String
    /// What went wrong, from the closed list.
    public let code: APIErrorCode
    /// The fields at fault; empty when no field is.
    public let errors: [FieldError]
    /// The identifier under which the logs know the request.
    public let requestID: String

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, errors
        case requestID = "request_id"
    }

    /// The document for an error in answer to the request with the given identifier.
    public init(_ error: APIError, requestID: String) {
        type = "about:blank"
        title = error.code.title
        status = error.code.status
        detail = error.detail
        code = error.code
        errors = error.fields
        self.requestID = requestID
    }
}
