import HTTPTypes
import Hummingbird
import Logging
import Shared

/// Handlers of flows through a provider; whatever happens, the browser is sent on to a page.
struct OAuthRoutes: Sendable {
    typealias Handler = @Sendable (Request, APIRequestContext) async throws -> Response

    let service: OAuthService
    let flows: FlowCookies
    let connection: ConnectCookie
    let sessions: SessionService
    let cookie: SessionCookie
    let publicURL: WebOrigin
    let metrics: APIMetrics

    /// `GET /api/auth/{google,discord}`: 303 to the provider, and the cookie of a flow.
    ///
    /// With `link=true` the flow links the provider account to the user who is signed in, and begins only on a page of
    /// this site: else another site could have a visitor link an account without wanting it.
    func start(_ provider: OAuthProvider) -> Handler {
        { request, context in
            let query = request.uri.queryParameters
            let isLink = query[values: "link"] == ["true"]
            let returnTo = Self.returnPath(query[values: PagePath.returnParameter[...]])
            var visitor: SignedIn?
            do {
                if isLink { visitor = try await linker(request) }
                let (flow, address) = try await service.begin(
                    provider,
                    returnTo: returnTo,
                    linkTo: visitor?.account.id
                )
                var response = OAuthRedirect.toProvider(address)
                try flows.keep(flow, of: request, on: &response)
                return response
            } catch {
                let page = visitor == nil ? PagePath.login : PagePath.account
                return failed(error, at: provider, returnTo: returnTo?.value, page: page, context: context)
            }
        }
    }

    /// `GET /api/auth/callback/{google,discord}`: 303 to a page of this site, signed in or told why not.
    func callback(_ provider: OAuthProvider) -> Handler {
        { request, context in
            // A HEAD would use the code up, and the GET that follows it would find it used.
            guard request.method == .get else {
                throw APIError(.methodNotAllowed, detail: "This path takes GET only.", allow: ["GET"])
            }
            let query = CallbackQuery(request)
            let flow = query.state.flatMap { flows.flow(for: $0, at: provider, of: request) }
            var visitor: SignedIn?
            var response: Response
            do {
                try query.checkUnambiguous()
                guard let flow else {
                    throw FlowError(.flowExpired, "this browser has no such flow, or began it too long ago")
                }
                if flow.linkTo != nil { visitor = try await signedIn(request) }
                response = try await finish(flow, query: query, visitor: visitor, request: request, context: context)
            } catch {
                if flow?.linkTo == nil { metrics.countSignIn(provider.rawValue, OAuthProblem(error).failure.rawValue) }
                let isLinker = visitor != nil && visitor?.account.id == flow?.linkTo
                response = failed(
                    error,
                    at: provider,
                    returnTo: flow?.returnTo,
                    page: isLinker ? PagePath.account : PagePath.login,
                    context: context
                )
            }
            if let state = query.state { flows.forget(state, of: request, on: &response) }
            return response
        }
    }

    private func finish(
        _ flow: OAuthFlow,
        query: CallbackQuery,
        visitor: SignedIn?,
        request: Request,
        context: APIRequestContext
    ) async throws -> Response {
        let outcome = try await service.finish(
            flow,
            code: query.code(),
            issuer: query.issuer,
            visitor: visitor,
            origin: Origin(request, context: context)
        )
        switch outcome {
        case .signedIn(let opened):
            metrics.countSignIn(flow.provider.rawValue, "ok")
            var response = cookie.set(opened.token, on: OAuthRedirect.home(flow.returnTo))
            connection.forget(of: request, on: &response)
            return response
        case .linked: return OAuthRedirect.linked(flow.provider)
        case .passwordNeeded(let pending):
            metrics.countSignIn(flow.provider.rawValue, "password_needed")
            var response = OAuthRedirect.askPassword(flow.provider, returnTo: flow.returnTo)
            try connection.keep(pending, on: &response)
            return response
        }
    }

    /// The visitor who may begin to link.
    private func linker(_ request: Request) async throws -> SignedIn {
        guard isFromThisSite(request.head) else {
            throw FlowError(.notFromThisSite, "linking was not started from a page of this site")
        }
        guard let visitor = try await signedIn(request) else {
            throw FlowError(.signInRequired, "linking was started without a live session")
        }
        return visitor
    }

    private func signedIn(_ request: Request) async throws -> SignedIn? {
        guard let token = cookie.token(of: request) else { return nil }
        return try await sessions.signedIn(with: token)
    }

    /// Whether a browser says that a page of this site sent it (W3C Fetch Metadata), or where it does not say, names such
    /// a page in `Referer`.
    private func isFromThisSite(_ head: HTTPRequest) -> Bool {
        if let site = head.headerFields[.secFetchSite] { return site == "same-origin" }
        guard let referrer = head.headerFields[.referer] else { return false }
        return referrer == publicURL.description || referrer.hasPrefix("\(publicURL)/")
    }

    private static func returnPath(_ values: [Substring]) -> ReturnPath? {
        values.count == 1 ? values.first.flatMap { ReturnPath(String($0)) } : nil
    }

    /// Sends the browser to a page that explains, and the log the fixed reason; neither gets anything from outside.
    private func failed(
        _ error: any Error,
        at provider: OAuthProvider,
        returnTo: String?,
        page: String,
        context: APIRequestContext
    ) -> Response {
        let problem = OAuthProblem(error)
        problem.log(at: provider, to: context.logger)
        // The list of linked accounts would send a visitor who is not signed in away, and the explanation with them.
        let page = problem.failure == .signInRequired ? PagePath.login : page
        return OAuthRedirect.failed(
            .init(
                failure: problem.failure,
                provider: provider,
                errorID: context.requestID,
                returnTo: returnTo
            ),
            page: page
        )
    }
}
