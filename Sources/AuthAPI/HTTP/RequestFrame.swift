import Hummingbird
import PostgresClient
import Shared

/// What surrounds every handler: refuses what none may see, gives the request its share of the database's time, makes an
/// answer of whatever is thrown, and completes the answer's headers.
///
/// One middleware for all of it, because each costs more than what these do.
struct RequestFrame: RouterMiddleware {
    typealias Context = APIRequestContext

    let rules: RequestGuard<Context>
    let errors: ErrorResponses
    let headers: ResponseHeaders

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
                response = try await DatabaseBudget.$current.withValue(DatabaseBudget()) {
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
