import Hummingbird
import Shared

/// Lets only pages of the configured origins read the API's responses with credentials (WHATWG Fetch, CORS).
struct CORSPolicy: Sendable {
    private let allowedOrigins: Set<WebOrigin>

    /// Nil without origins.
    init?(allowedOrigins: Set<WebOrigin>) {
        guard !allowedOrigins.isEmpty else { return nil }
        self.allowedOrigins = allowedOrigins
    }

    /// The response to a preflight request from an allowed origin; nil for anything else.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            allowedOrigin(of: request) != nil
        else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST, DELETE",
                .accessControlAllowHeaders: "Content-Type, Authorization",
                .accessControlMaxAge: "600",
            ]
        )
    }

    /// Adds the CORS headers to a response.
    func mark(_ response: inout Response, to request: Request) {
        response.headers.append(.init(name: .vary, value: "Origin"))
        guard let origin = allowedOrigin(of: request) else { return }
        response.headers[.accessControlAllowOrigin] = origin.description
        response.headers[.accessControlAllowCredentials] = "true"
        response.headers[.accessControlExposeHeaders] = "X-Request-ID, Retry-After"
    }

    private func allowedOrigin(of request: Request) -> WebOrigin? {
        guard let origin = request.headers[.origin].flatMap({ WebOrigin($0) }) else { return nil }
        return allowedOrigins.contains(origin) ? origin : nil
    }
}
