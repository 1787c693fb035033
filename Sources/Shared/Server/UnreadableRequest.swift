public import HTTPTypes
import NIOHTTP1

/// An invalid HTTP/1 request, and the response to it.
public struct UnreadableRequest: Sendable {
    /// Makes header fields and body of the answer.
    public typealias Page = @Sendable (UnreadableRequest) -> (fields: HTTPFields, body: [UInt8])

    /// The status of the answer.
    public let status: Int
    /// One English sentence saying what is wrong.
    public let detail: String
    /// The identifier of the request, made here: its headers were not read.
    public let requestID = RequestIdentifier.of(nil, by: nil, trusting: [])

    init(_ error: HTTPParserError) {
        switch error {
        case .invalidMethod: (status, detail) = (501, "This method is not supported.")
        case .invalidVersion: (status, detail) = (505, "The request must be HTTP/1.0 or HTTP/1.1.")
        case .headerOverflow: (status, detail) = (431, "The request's headers are too large or too many.")
        default: (status, detail) = (400, "The request is not valid HTTP.")
        }
    }

    /// A problem document, for clients that are programs.
    public static let problem: Page = { request in
        var json = JSONBytes()
        json.append(#"{"type":"about:blank","title":"#)
        json.append(string: APIErrorCode.malformedRequest.title)
        json.append(#","status":"#)
        json.append(unescaped: String(request.status))
        json.append(#","detail":"#)
        json.append(string: request.detail)
        json.append(#","code":"#)
        json.append(string: APIErrorCode.malformedRequest.rawValue)
        json.append(#","errors":[],"request_id":"#)
        json.append(string: request.requestID)
        json.append("}")
        let fields: HTTPFields = [
            .contentType: Problem.mediaType, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
        ]
        return (fields, json.bytes)
    }
}
