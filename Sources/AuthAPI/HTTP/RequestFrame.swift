import Hummingbird
import PostgresClient
import Shared

/// The middleware around every handler: rejects invalid requests, sets the database budget, turns errors into
/// responses, and completes the response headers.
///
/// It is one middleware, because a middleware costs more than this work.
struct RequestFrame: RouterMiddleware {
    typealias Context = APIRequestContext

    let rules: RequestGuard<Context>
    let errors: ErrorResponses
    let headers: ResponseHeaders
    /// How long one request may wait for the database; nil means no limit.
    let databaseLimit: Duration?

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            if let preflight = headers.preflight(request) {
                response = preflight
            } else {
                try rules.check(request)
                response = try await DatabaseBudget.$current.withValue(DatabaseBudget(limit: databaseLimit)) {
                    try await next(request, context)
                }
            }
        } catch {
            response = try errors.response(to: request, error, context: context)
        }
        headers.complete(&response, to: request)
        return response
    }
}
