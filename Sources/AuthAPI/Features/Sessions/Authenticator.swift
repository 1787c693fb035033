import Hummingbird
import Logging
import Shared

/// Finds out who is signed in; handlers behind it may or may not need somebody to be.
struct Authenticator: RouterMiddleware {
    typealias Context = APIRequestContext

    let sessions: SessionService
    let cookie: SessionCookie

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let token = cookie.token(of: request) {
            context.signedIn = try await sessions.signedIn(with: token)
        }
        return try await next(request, context)
    }
}
