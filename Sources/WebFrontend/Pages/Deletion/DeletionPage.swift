import HTTPTypes
import Hummingbird
import Shared

/// Deleting the account.
struct DeletionPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings
    let bodyDeadline: Duration

    /// Says what is deleted, and asks.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await visitors.protected(request, context, page: SitePath.deletion) { caller in
            async let me = api.me(for: caller)
            let confirmation = try await api.confirmation(for: caller)
            var view = DeletionView(email: "", confirmation: confirmation)
            view.report = OAuthReport(Form(query: request))
            return try pages.response(view, visitor: .signedIn(try await me), in: context)
        }
    }

    /// Deletes the account, or shows the page again with what is wrong.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        return try await visitors.protected(request, context, page: SitePath.deletion) { caller in
            let password = form[FormField.password.rawValue]
            let body = DeleteAccountRequest(email: form.email, password: password.isEmpty ? nil : password)
            do {
                let cookies = try await api.deleteAccount(body, for: caller)
                return farewell(cookies, request)
            } catch let error as APIError where error.code == .reauthenticationRequired {
                // It was too long ago; the page offers it again.
                return .seeOther(SitePath.deletion)
            } catch {
                let failure = try FormFailure(error, email: form.email, logger: context.logger)
                async let me = api.me(for: caller)
                let confirmation = try await api.confirmation(for: caller)
                var view = DeletionView(email: form.email, confirmation: confirmation)
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

    /// Leads home, and has the browser forget every cookie of this site and the pages that it keeps.
    private func farewell(_ cookies: [String], _ request: Request) -> Response {
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
