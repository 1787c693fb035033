import HTTPTypes
import Hummingbird
import Shared

/// The page that deletes the account.
struct DeletionPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings
    let directory: ProviderDirectory
    let bodyDeadline: Duration

    /// Shows the form.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await visitors.protected(request, context, page: SitePath.deletion) { caller in
            async let me = api.me(for: caller)
            async let providers = directory.providers(for: caller, logger: context.logger)
            let confirmation = try await api.confirmation(for: caller)
            var view = DeletionView(email: "", confirmation: confirmation, providers: await providers)
            view.report = OAuthReport(Form(query: request))
            return try pages.response(view, visitor: .signedIn(try await me), in: context)
        }
    }

    /// Deletes the account, or shows the form again with the errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        return try await visitors.protected(request, context, page: SitePath.deletion) { caller in
            let password = form[FormField.password.rawValue]
            let body = DeleteAccountRequest(email: form.email, password: password.isEmpty ? nil : password)
            do {
                let cookies = try await api.deleteAccount(body, for: caller)
                return deletedResponse(cookies, request)
            } catch let error as APIError where error.code == .reauthenticationRequired {
                // The confirmation has expired; the page offers it again.
                return .seeOther(SitePath.deletion)
            } catch {
                let failure = try FormFailure(error, email: form.email, logger: context.logger)
                async let me = api.me(for: caller)
                async let providers = directory.providers(for: caller, logger: context.logger)
                let confirmation = try await api.confirmation(for: caller)
                var view = DeletionView(email: form.email, confirmation: confirmation, providers: await providers)
                view.errors = failure.errors
                view.retryAfter = failure.retryAfter
                return try pages.response(
                    view,
                    visitor: .signedIn(try await me),
                    in: context,
                    status: failure.status,
                    headers: failure.headers
                )
            }
        }
    }

    /// Redirects to the home page and deletes every cookie of this site and the cached pages.
    private func deletedResponse(_ cookies: [String], _ request: Request) -> Response {
        let isSecure = settings.common.publicURL.isSecure
        let own = Caller.ownCookies(of: request, isSecure: isSecure)
        var response = Response.seeOther(
            SitePath.link(SitePath.home, returnTo: nil, notice: .accountDeleted),
            cookies: cookies + own.map { Response.forgetting($0, isSecure: isSecure) }
        )
        if let field = ClearSiteData.cache(at: settings.common.publicURL) { response.headers.append(field) }
        return response
    }
}
