import HTTPTypes
import Hummingbird
import Shared

/// Puts the headers of OWASP "REST Security" on every answer, where the handler has not set its own, and those of CORS.
struct ResponseHeaders: RouterMiddleware {
    typealias Context = APIRequestContext

    /// Whether browsers reach the site through TLS, so that they may be told to insist on it.
    let isSecure: Bool
    /// Which other origins may read the answers; nil for none.
    let cors: CORSPolicy?

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        if let preflight = cors?.preflight(request) {
            response = preflight
        } else {
            response = try await next(request, context)
        }
        response.setIfAbsent(.cacheControl, "no-store")
        response.setIfAbsent(.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
        response.setIfAbsent(.xContentTypeOptions, "nosniff")
        response.setIfAbsent(.referrerPolicy, "no-referrer")
        if isSecure { response.setIfAbsent(.strictTransportSecurity, "max-age=31536000") }
        cors?.mark(&response, to: request)
        return response
    }
}

extension Response {
    fileprivate mutating func setIfAbsent(_ name: HTTPField.Name, _ value: String) {
        if headers[name] == nil { headers[name] = value }
    }
}

extension HTTPField.Name {
    /// What browsers send along in `Referer` (W3C Referrer Policy).
    static let referrerPolicy = HTTPField.Name(validated: "Referrer-Policy")
}
