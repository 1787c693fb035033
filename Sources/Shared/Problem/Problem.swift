/// The body of every error response: a problem document (RFC 9457) with this API's extensions.
public struct Problem: Codable, Sendable, Equatable {
    /// The media type of problem documents (RFC 9457, section 3).
    public static let mediaType = "application/problem+json"

    /// Always `about:blank`: the code identifies the problem (RFC 9457, section 4.2.1).
    public let type: String
    /// The code's summary.
    public let title: String
    /// The HTTP status of the response.
    public let status: Int
    /// One sentence about this occurrence.
    public let detail: String
    /// The code, from the closed list.
    public let code: APIErrorCode
    /// The invalid fields; empty when there are none.
    public let errors: [FieldError]
    /// The request ID, as in the logs.
    public let requestID: String

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, errors
        case requestID = "request_id"
    }

    /// The document for an error in the response to a request.
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
