import HTTPTypes
import Hummingbird
import Shared

/// Handlers that give a browser a session on the application's own host.
///
/// These handlers do not decide whether a request may reach the application; the check does.
struct ApplicationHostRoutes: Sendable {
    /// Nil when the application has no separate host.
    let host: ApplicationHost?
    let sessions: SessionService
    let cookie: SessionCookie
    let publicURL: WebOrigin

    /// `GET /api/auth/entry`, on the application's host: 302 to this site, and the cookie of a flow.
    ///
    /// For this system's nginx only, which names the requested page.
    @Sendable func begin(_ request: Request, context: APIRequestContext) throws -> Response {
        guard let host, let page = request.headers[.originalURI] else { throw APIError.nothingHere }
        var response = Response(status: .found)
        let state = try host.begin(page, of: request, on: &response)
        response.headers[.location] = "\(publicURL)\(Self.enter(state))"
        return response
    }

    /// `GET /enter`, on the host of the pages: 303 to the application's host with a code for a signed-in visitor, else to
    /// the sign-in page and then here again.
    ///
    /// - Throws: `malformed_request` when another application has set a cookie with the name of the session's.
    @Sendable func enter(_ request: Request, context: APIRequestContext) async throws -> Response {
        guard let host else { throw APIError.nothingHere }
        guard let state = CallbackQuery(request).state else { return Self.to("\(host.url)\(host.home)") }
        try request.rejectForeignCookie(cookie.name)
        guard let token = cookie.cookieToken(of: request), try await sessions.signedIn(with: token) != nil else {
            return Self.to(PagePath.login.withQuery([(PagePath.returnParameter, Self.enter(state))]))
        }
        let code = try host.code(for: token, state: state)
        return Self.to("\(host.url)\(APIPath.entered)?code=\(code)&state=\(state)")
    }

    /// `GET /api/auth/entered`, on the application's host: 303 to the requested page, with a session.
    ///
    /// Without a state, it leads to the account page, for nginx's page for users who may not use the application.
    ///
    /// - Throws: `malformed_request` for a code that has expired or is for another browser, unless this browser has a
    ///   session, which means that an old link was opened again.
    @Sendable func arrive(_ request: Request, context: APIRequestContext) async throws -> Response {
        guard let host else { throw APIError.nothingHere }
        let query = CallbackQuery(request)
        guard let state = query.state else { return Self.to("\(publicURL)\(PagePath.account)") }
        var response = Response(status: .seeOther)
        if let code = try? query.unambiguousCode(),
            let page = try host.admit(code, state: state, of: request, on: &response)
        {
            response.headers[.location] = page
            return response
        }
        if let session = host.session(of: request), try await sessions.signedIn(withHash: session) != nil {
            return Self.to(host.home)
        }
        throw APIError(.malformedRequest, detail: "This link has expired, or another browser asked for it.")
    }

    private static func enter(_ state: String) -> String { "\(PagePath.enter)?state=\(state)" }

    private static func to(_ location: String) -> Response {
        Response(status: .seeOther, headers: [.location: location])
    }
}

extension HTTPField.Name {
    /// Path and query of the original request, set by nginx.
    static let originalURI = HTTPField.Name(validated: "X-Original-URI")
}
