import HTTPTypes
public import Hummingbird
import Logging
import NIOCore

/// What the servers know of every request besides the request itself.
public protocol ServedRequestContext: RemoteAddressRequestContext {
    /// The identifier that the logs of proxy, frontend and API share.
    var requestID: String { get set }
    /// The address of the browser or program that asked.
    var clientAddress: String { get set }
}

/// Fills in request id and client address, and puts the id on the answer and on every log line of the request.
public struct RequestIdentity<Context: ServedRequestContext>: RouterMiddleware {
    /// Makes the middleware; it must be the outermost.
    public init() {}

    /// Names the request, then hands it on.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        let peer = context.remoteAddress
        context.requestID = Self.identifier(claimed: request.headers[.requestID], by: peer)
        context.clientAddress = ClientAddress.of(peer: peer, realIP: request.headers[.realIP])
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request_id"] = .string(context.requestID)
        // The current logger of the task, too, so that what has no context to log with names the request as well.
        var response = try await withLogger(context.logger) { _ in try await next(request, context) }
        response.headers[.requestID] = context.requestID
        return response
    }

    /// The identifier that the proxy gave, if it is one and comes from a peer that may say it; else a new one.
    static func identifier(claimed: String?, by peer: SocketAddress?) -> String {
        if let claimed, ClientAddress.isTrusted(peer), claimed.isRequestID { return claimed }
        return hexadecimal(UInt64.random(in: .min ... .max)) + hexadecimal(UInt64.random(in: .min ... .max))
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}

extension String {
    /// Whether the text has the form of a request's identifier: 8 to 64 letters, digits and hyphens of ASCII.
    public var isRequestID: Bool {
        (8...64).contains(utf8.count) && utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}

extension HTTPField.Name {
    /// The identifier of a request across all servers.
    public static let requestID = HTTPField.Name(validated: "X-Request-ID")
    /// The client's address as the proxy knows it.
    public static let realIP = HTTPField.Name(validated: "X-Real-IP")
    /// What a browser says about the relation between the asking page and this site (W3C Fetch Metadata).
    public static let secFetchSite = HTTPField.Name(validated: "Sec-Fetch-Site")

    /// Makes a name from a literal that is known to be one.
    public init(validated literal: StaticString) {
        guard let name = HTTPField.Name(literal.description) else {
            preconditionFailure("\(literal) is not a header name")
        }
        self = name
    }
}

extension UInt8 {
    var isASCIIAlphanumeric: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
