import Hummingbird
import Shared

/// Authenticates requests for handlers that require a signed-in user.
struct Authenticator: Sendable {
    let sessions: SessionService
    let cookie: SessionCookie

    /// Wraps a handler so that it runs for signed-in users only; others get `unauthenticated`.
    ///
    /// The type of the inner handler's context proves that the check ran.
    func required(
        _ handler: @escaping @Sendable (Request, SignedInContext) async throws -> Response
    ) -> @Sendable (Request, APIRequestContext) async throws -> Response {
        { request, context in
            guard let token = cookie.token(of: request), let signedIn = try await sessions.signedIn(with: token) else {
                throw APIError(.unauthenticated)
            }
            return try await handler(request, SignedInContext(context, signedIn))
        }
    }

    /// The user of the cookie; where only browsers ask, `Authorization` is for another server, such as a proxy.
    func cookieUser(of request: Request) async throws -> SignedIn? {
        guard let token = cookie.cookieToken(of: request) else { return nil }
        return try await sessions.signedIn(with: token)
    }
}
