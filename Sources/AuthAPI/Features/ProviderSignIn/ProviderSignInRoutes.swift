import Hummingbird
import Logging
import Shared

/// Handlers of flows through a provider; every response redirects the browser to a page.
struct ProviderSignInRoutes: Sendable {
    typealias Handler = @Sendable (Request, APIRequestContext) async throws -> Response

    let service: ProviderSignInService
    let tickets: ProviderTickets
    let authenticator: Authenticator
    let cookies: BrowserCookies
    let publicURL: WebOrigin
    /// The default page after a flow.
    let landing: ReturnPath
    let metrics: APIMetrics

    /// `GET /api/auth/{provider}`: 303 to the provider, and the cookie of a flow.
    ///
    /// A request from another site, or one that would replace a session and does not come from a page of this site, leads to
    /// a confirmation page first. With `link`, the flow links the provider account to the signed-in user. It requires the
    /// ticket from the account page of the session: otherwise another site, or a return path, could make a visitor link an
    /// account unintentionally. It also requires a recent sign-in. With `reauthenticate`, also a ticket, the signed-in user
    /// signs in at the provider again to confirm a change.
    func start(_ provider: OAuthProvider) -> Handler {
        { request, context in
            let query = FormFields(query: request)
            let link = query.values(PagePath.linkParameter)
            let returnTo = Self.returnPath(query.values(PagePath.returnParameter))
            let again = query.values(PagePath.reauthenticateParameter)
            if !again.isEmpty { return try await startAgain(provider, tickets: again, returnTo, request, context) }
            if link.isEmpty, mustConfirm(request) { return SignInRedirect.confirm(provider, returnTo: returnTo?.value) }
            var page = PagePath.login
            do {
                var purpose = SignInFlow.Purpose.signIn(invite: cookies.invites.code(of: request))
                if !link.isEmpty {
                    let visitor = try await ticketHolder(of: request, tickets: link, .link, at: provider)
                    page = PagePath.account
                    try await service.requireRecentSignIn(of: visitor)
                    purpose = .link(visitor.user.id)
                }
                let (flow, address) = try await service.begin(
                    provider,
                    for: purpose,
                    returnTo: returnTo,
                    choosesAccount: !link.isEmpty || !query.values(PagePath.chooseParameter).isEmpty
                )
                var response = SignInRedirect.toProvider(address)
                try cookies.flows.keep(flow, of: request, on: &response)
                return response
            } catch {
                return failed(error, at: provider, returnTo: returnTo?.value, page: page, context: context)
            }
        }
    }

    /// Starts a flow in which the user signs in again.
    private func startAgain(
        _ provider: OAuthProvider,
        tickets given: [String],
        _ returnTo: ReturnPath?,
        _ request: Request,
        _ context: APIRequestContext
    ) async throws -> Response {
        let page = Self.confirmedPage(returnTo)
        do {
            let visitor = try await ticketHolder(of: request, tickets: given, .reauthenticate, at: provider)
            let purpose = SignInFlow.Purpose.confirm(visitor.sessionID, startedAt: service.now())
            let (flow, address) = try await service.begin(provider, for: purpose, returnTo: ReturnPath(page))
            var response = SignInRedirect.toProvider(address)
            try cookies.flows.keep(flow, of: request, on: &response)
            return response
        } catch {
            return failed(error, at: provider, returnTo: page, page: page, context: context)
        }
    }

    /// The page whose change is confirmed.
    private static func confirmedPage(_ returnTo: ReturnPath?) -> String {
        let pages = [PagePath.password, PagePath.deletion]
        return returnTo.flatMap { path in pages.first { $0.isExactly(path.value) } } ?? PagePath.account
    }

    /// `GET /api/auth/callback/{provider}`: 303 to a page of this site, with a session or an error.
    func callback(_ provider: OAuthProvider) -> Handler {
        { request, context in
            // A HEAD would consume the code, and the GET that follows would fail.
            guard request.method == .get else { throw APIError.getOnly }
            let query = CallbackQuery(request)
            let flow = query.state.flatMap { cookies.flows.flow(for: $0, at: provider, of: request) }
            var visitor: SignedIn?
            var response: Response
            do {
                try query.checkUnambiguous()
                if let flow {
                    switch flow.purpose {
                    case .signIn: break
                    case .link, .confirm: visitor = try await authenticator.cookieUser(of: request)
                    }
                    response = try await finish(
                        flow,
                        query: query,
                        visitor: visitor,
                        request: request,
                        context: context
                    )
                } else {
                    // The callback may have succeeded before and be reloaded; then the next page is the same.
                    if query.hasCode { visitor = try await authenticator.cookieUser(of: request) }
                    if let visitor, try await service.isLinked(provider, to: visitor) {
                        response = SignInRedirect.account()
                    } else if query.hasCode, let page = pendingPage(provider, of: request) {
                        response = page
                    } else {
                        throw ProviderError(.flowExpired, "this browser has no such flow, or it has expired")
                    }
                }
            } catch {
                let page: String
                switch flow?.purpose {
                case .signIn, nil:
                    metrics.countSignIn(provider.rawValue, SignInProblem(error).failure.rawValue)
                    page = visitor == nil ? PagePath.login : PagePath.account
                case .link(let user): page = visitor?.user.id == user ? PagePath.account : PagePath.login
                case .confirm: page = Self.confirmedPage(flow?.returnPath)
                }
                response = failed(
                    error,
                    at: provider,
                    returnTo: flow?.returnPath?.value,
                    page: page,
                    context: context
                )
            }
            if let state = query.state { cookies.flows.forget(state, of: request, on: &response) }
            return response
        }
    }

    private func finish(
        _ flow: SignInFlow,
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
            replacing: cookies.session.presented(by: request),
            trace: RequestTrace(request, context: context)
        )
        switch outcome {
        case .signedIn(let opened):
            metrics.countSignIn(flow.provider.rawValue, "ok")
            let page = SignInRedirect.page(flow.returnPath ?? landing)
            var response = cookies.session.set(opened.token, on: page)
            cookies.forgetPending(of: request, on: &response)
            return response
        case .linked: return SignInRedirect.linked(flow.provider)
        case .confirmed: return SignInRedirect.page(flow.returnPath ?? .home)
        case .passwordNeeded(let pending):
            metrics.countSignIn(flow.provider.rawValue, "password_needed")
            var response = SignInRedirect.askPassword(flow.provider, returnTo: flow.returnPath?.value)
            try cookies.pendingLinks.keep(pending, on: &response)
            cookies.pendingAddresses.forget(of: request, on: &response)
            return response
        case .addressNeeded(let pending):
            metrics.countSignIn(flow.provider.rawValue, "address_needed")
            context.logger.info(
                "provider account has no verified email address",
                metadata: [
                    "provider": .string(flow.provider.rawValue),
                    "email": .string(pending.email == nil ? "missing" : "unverified"),
                ]
            )
            var response = SignInRedirect.askAddress(flow.provider, returnTo: flow.returnPath?.value)
            try cookies.pendingAddresses.keep(pending, on: &response)
            cookies.pendingLinks.forget(of: request, on: &response)
            return response
        }
    }

    /// Whether to ask for confirmation: another site started the flow, or its origin is unknown and a session would be
    /// replaced.
    private func mustConfirm(_ request: Request) -> Bool {
        switch FlowInitiator(request.head, publicURL: publicURL) {
        case .thisSite: false
        case .anotherSite: true
        case .unknown: !cookies.session.presented(by: request).isEmpty
        }
    }

    /// To the page that asks for a password or an address, if a flow through the provider waits for one.
    private func pendingPage(_ provider: OAuthProvider, of request: Request) -> Response? {
        if cookies.pendingLinks.pending(of: request)?.provider == provider {
            return SignInRedirect.askPassword(provider, returnTo: nil)
        }
        guard cookies.pendingAddresses.pending(of: request)?.provider == provider else { return nil }
        return SignInRedirect.askAddress(provider, returnTo: nil)
    }

    /// The visitor who may start linking, or signing in again: with a ticket of the session, from a page of this site.
    private func ticketHolder(
        of request: Request,
        tickets given: [String],
        _ purpose: ProviderTickets.Purpose,
        at provider: OAuthProvider
    ) async throws -> SignedIn {
        guard FlowInitiator(request.head, publicURL: publicURL) == .thisSite else {
            throw ProviderError(.notFromThisSite, "the flow was not started from a page of this site")
        }
        guard let visitor = try await authenticator.cookieUser(of: request) else {
            throw ProviderError(.signInRequired, "the flow was started without a live session")
        }
        guard given.count == 1,
            tickets.isTicket(given[0], purpose, for: provider, session: visitor.sessionID)
        else {
            throw ProviderError(.notFromThisSite, "the flow was not started by the button of a page of the session")
        }
        return visitor
    }

    private static func returnPath(_ values: [String]) -> ReturnPath? {
        values.count == 1 ? values.first.flatMap { ReturnPath($0) } : nil
    }

    /// Redirects the browser to an error page and logs the fixed reason; neither contains text from outside.
    private func failed(
        _ error: any Error,
        at provider: OAuthProvider,
        returnTo: String?,
        page: String,
        context: APIRequestContext
    ) -> Response {
        let problem = SignInProblem(error)
        problem.log(at: provider, to: context.logger)
        var (page, returnTo) = (page, returnTo)
        // The account page would redirect signed-out visitors, and the explanation would be lost.
        if [.signInRequired, .signInAgain].contains(problem.failure) { page = PagePath.login }
        if problem.failure == .signInAgain { returnTo = PagePath.account }
        return SignInRedirect.failed(
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
