import Hummingbird
import Shared

/// Finds out who is signed in, for handlers that need somebody to be.
struct Authenticator: Sendable {
    let sessions: SessionService
    let cookie: SessionCookie

    /// A handler that runs for signed-in users only; others get `unauthenticated`.
    ///
    /// That the check ran is proved by the type of the context that the inner handler takes.
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
}
