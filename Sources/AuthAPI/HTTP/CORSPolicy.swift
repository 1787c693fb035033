import HTTPTypes
import Hummingbird
import Shared

/// Lets pages of the configured origins, and no others, read the API's answers with credentials (WHATWG Fetch, CORS).
struct CORSPolicy: RouterMiddleware {
    typealias Context = APIRequestContext

    private let allowedOrigins: Set<WebOrigin>

    init(allowedOrigins: Set<WebOrigin>) { self.allowedOrigins = allowedOrigins }

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard !allowedOrigins.isEmpty else { return try await next(request, context) }
        guard let header = request.headers[.origin], let origin = WebOrigin(header), allowedOrigins.contains(origin)
        else {
            var response = try await next(request, context)
            response.headers.append(.init(name: .vary, value: "Origin"))
            return response
        }
        var response: Response
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            response = Response(status: .noContent)
            response.headers[.accessControlAllowMethods] = "GET, POST, DELETE"
            response.headers[.accessControlAllowHeaders] = "Content-Type, Authorization"
            response.headers[.accessControlMaxAge] = "600"
        } else {
            response = try await next(request, context)
            response.headers[.accessControlExposeHeaders] = "X-Request-ID, Retry-After"
        }
        response.headers[.accessControlAllowOrigin] = origin.description
        response.headers[.accessControlAllowCredentials] = "true"
        response.headers.append(.init(name: .vary, value: "Origin"))
        return response
    }
}
