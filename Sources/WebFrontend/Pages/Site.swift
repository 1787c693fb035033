import Hummingbird
import Shared

/// What the pages share.
struct Site: Sendable {
    /// The client of the authentication API.
    let api: AuthAPIClient
    /// The renderer of the pages.
    let pages: PageRenderer
    let settings: FrontendSettings
    /// The list of enabled providers.
    let directory: ProviderDirectory
    /// The timeout for the body of a form.
    let bodyDeadline: Duration

    /// The posted form.
    ///
    /// - Throws: ``APIError`` as ``Form/init(body:within:)`` does.
    func form(_ request: Request) async throws -> Form { try await Form(body: request, within: bodyDeadline) }

    /// The enabled providers.
    func providers(for caller: Caller, _ context: PageContext) async -> Providers {
        await directory.providers(for: caller, logger: context.logger)
    }

    /// The signed-in user, and how the user can confirm a change on a page.
    ///
    /// - Throws: ``APIError`` when the API cannot determine it.
    func confirmation(
        for caller: Caller,
        on page: String,
        _ context: PageContext
    ) async throws -> (UserBody, ConfirmationView) {
        async let me = api.me(for: caller)
        async let providers = providers(for: caller, context)
        let body = try await api.confirmation(for: caller)
        return (try await me, ConfirmationView(body: body, providers: await providers, page: page))
    }

    /// The visitor who sent a request; the API is called only when there is a session cookie.
    ///
    /// - Throws: ``APIError`` when the API cannot determine it.
    func visitor(_ caller: Caller) async throws -> Visitor {
        guard caller.hasSession else { return .anonymous }
        do {
            return .signedIn(try await api.me(for: caller))
        } catch let error as APIError where error.code == .unauthenticated {
            return .anonymous
        }
    }

    /// Adds the header that deletes the browser's cached pages, so that the next user of the browser cannot go back to
    /// them.
    func forgettingPages(_ response: Response) -> Response {
        var response = response
        if let field = ClearSiteData.cache(at: settings.common.publicURL) { response.headers.append(field) }
        return response
    }

    /// Runs an action for signed-in users; redirects others to the sign-in page and then to the given page.
    ///
    /// - Throws: ``ForeignCookie`` when signing in again would lead here again.
    func protected(
        _ request: Request,
        _ context: PageContext,
        page: String,
        _ operation: (Caller) async throws -> Response
    ) async throws -> Response {
        let caller = Caller(request, context)
        guard caller.hasSession else {
            if caller.wasRedirected { throw ForeignCookie(name: caller.sessionCookie) }
            return .seeOther(SitePath.path(SitePath.login, returnTo: ReturnPath(page)))
        }
        do {
            return try await operation(caller)
        } catch let error as APIError where error.code == .unauthenticated {
            if caller.hasForeignSession || caller.wasRedirected { throw ForeignCookie(name: caller.sessionCookie) }
            return .seeOther(SitePath.path(SitePath.login, returnTo: ReturnPath(page), notice: .sessionOver))
        }
    }
}
