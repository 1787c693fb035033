import HTTPTypes
import Hummingbird
import Shared

/// Where nginx sends a visitor who opens a page of the application without a session: to the page for signing in, and from
/// there back.
struct ApplicationEntrance: Sendable {
    /// Sends the visitor on.
    ///
    /// - Throws: ``ForeignCookie`` when signing in would lead here again; `not_found` for whoever comes by themselves.
    @Sendable func show(_ request: Request, _ context: PageContext) throws -> Response {
        guard let address = request.headers[.originalURI] else {
            throw APIError(.notFound, detail: "There is nothing at this path.")
        }
        let caller = Caller(request, context)
        if caller.hasForeignSession || caller.wasSentOn { throw ForeignCookie(name: caller.sessionCookie) }
        let notice = caller.hasSession ? Notice.sessionOver : nil
        let location = SitePath.link(SitePath.login, returnTo: ReturnPath(address), notice: notice)
        return Response(status: .found, headers: [.location: location])
    }
}

extension HTTPField.Name {
    /// The target of the request that nginx has not let through to the application; from nobody else.
    static let originalURI = HTTPField.Name(validated: "X-Original-URI")
}
