import Hummingbird
import Shared

/// Redirects `/login/` to `/login`; other non-canonical paths are rejected later.
struct TrailingSlash: RouterMiddleware {
    typealias Context = PageContext

    func handle(
        _ request: Request,
        context: PageContext,
        next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard request.method == .get || request.method == .head, path.utf8.count > 1,
            path.utf8.last == UInt8(ascii: "/")
        else {
            return try await next(request, context)
        }
        let canonical = String(Substring(path.utf8.dropLast()))
        guard CanonicalPath.isCanonical(canonical), ReturnPath.staysOnThisSite(canonical) else {
            return try await next(request, context)
        }
        let query = request.uri.query.map { "?\($0)" } ?? ""
        return Response(status: .permanentRedirect, headers: [.location: canonical + query])
    }
}
