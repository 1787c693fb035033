public import HTTPTypes
import NIOHTTP1

/// An invalid HTTP/1 request, and the response to it.
public struct UnreadableRequest: Sendable {
    /// Creates header fields and body of the response.
    public typealias Page = @Sendable (UnreadableRequest) -> (fields: HTTPFields, body: [UInt8])

    /// The status of the response.
    public let status: Int
    /// One English sentence with the reason.
    public let detail: String
    /// The ID of the request, created here because its headers were not read.
    public let requestID = RequestIdentifier.of(nil, by: nil, trusting: [])

    private init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = detail
    }

    /// Finds violations of RFC 9112 that the parser tolerates in a head; nil when there are none.
    init?(_ head: HTTPRequestHead) {
        // The parser accepts HTTP/0.9 and HTTP/2.0.
        guard head.version.major == 1 else {
            self.init(.invalidVersion)
            return
        }
        let isOld = head.version == .http1_0
        // Section 3.2: exactly one host; none is allowed before HTTP/1.1.
        let hosts = head.headers["Host"]
        guard hosts.count == 1 || isOld && hosts.isEmpty,
            hosts.allSatisfy({ !$0.utf8.contains(where: { " \t/?#@\\".utf8.contains($0) }) })
        else {
            self.init(400, "The request must name one host.")
            return
        }
        // Section 6.1: only chunked is supported, and no coding in HTTP/1.0.
        let codings = head.headers["Transfer-Encoding"]
        guard codings.isEmpty || !isOld else {
            self.init(400, "An HTTP/1.0 request must not have a transfer coding.")
            return
        }
        guard codings.isEmpty || codings.count == 1 && codings[0].isCaseless("chunked") else {
            self.init(501, "The transfer coding of the request is not supported.")
            return
        }
        return nil
    }

    init(_ error: HTTPParserError) {
        switch error {
        case .invalidMethod: (status, detail) = (501, "This method is not supported.")
        case .invalidVersion: (status, detail) = (505, "The request must be HTTP/1.0 or HTTP/1.1.")
        case .headerOverflow: (status, detail) = (431, "The request's headers are too large or too many.")
        default: (status, detail) = (400, "The request is not valid HTTP.")
        }
    }

    /// A problem document, for API clients.
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
