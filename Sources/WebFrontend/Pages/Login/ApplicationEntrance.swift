import HTTPTypes
import Hummingbird
import Shared

/// The target of nginx's redirect when a visitor opens a page of the application without a session: redirects to the
/// sign-in page, which redirects back.
struct ApplicationEntrance: Sendable {
    /// Redirects the visitor.
    ///
    /// - Throws: ``ForeignCookie`` when signing in would lead here again; `not_found` for requests that nginx did not
    ///   redirect.
    @Sendable func show(_ request: Request, _ context: PageContext) throws -> Response {
        guard let address = request.headers[.originalURI] else { throw APIError.nothingHere }
        let caller = Caller(request, context)
        if caller.hasForeignSession || caller.wasRedirected { throw ForeignCookie(name: caller.sessionCookie) }
        let notice = caller.hasSession ? Notice.sessionOver : nil
        let location = SitePath.path(SitePath.login, returnTo: ReturnPath(address), notice: notice)
        return Response(status: .found, headers: [.location: location])
    }
}

extension HTTPField.Name {
    /// The target of the original request; nginx sets it, and no client can.
    static let originalURI = HTTPField.Name(validated: "X-Original-URI")
}
