import Hummingbird
import Shared

/// The page that deletes the account.
struct DeletionPage: Sendable {
    let site: Site

    /// Shows the form.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await site.protected(request, context, page: SitePath.deletion) { caller in
            let (user, shown) = try await userAndView(email: "", caller, context)
            var view = shown
            view.report = OAuthReport(Form(query: request))
            return try site.pages.response(view, visitor: .signedIn(user), in: context)
        }
    }

    /// Deletes the account, or shows the form again with the errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        return try await site.protected(request, context, page: SitePath.deletion) { caller in
            if let language = form.language {
                let (user, view) = try await userAndView(email: form[.email], caller, context)
                return try site.pages.redrawn(view, for: .signedIn(user), in: language, context)
            }
            let password = form[.password]
            let body = DeleteAccountRequest(email: form[.email], password: password.isEmpty ? nil : password)
            do {
                let cookies = try await site.api.deleteAccount(body, for: caller)
                return deletedResponse(cookies, request, context)
            } catch let error as APIError where error.code == .reauthenticationRequired {
                // The confirmation has expired; the page offers it again.
                return .seeOther(SitePath.deletion)
            } catch let error as APIError where error.code == .serviceUnavailable {
                // The form is shown as it was typed, because the API would not describe the user either.
                let view = DeletionView(
                    email: form[.email],
                    confirmation: ConfirmationBody(hasPassword: true, reauthenticatedUntil: nil, providers: []),
                    providers: await site.providers(for: caller, context)
                )
                let failure = try FormFailure(error, email: form[.email], logger: context.logger)
                return try site.pages.rejected(view, failure, visitor: .unknown, in: context)
            } catch {
                let failure = try FormFailure(error, email: form[.email], logger: context.logger)
                let (user, view) = try await userAndView(email: form[.email], caller, context)
                return try site.pages.rejected(view, failure, visitor: .signedIn(user), in: context)
            }
        }
    }

    /// The signed-in user, and the form with the typed email address.
    private func userAndView(
        email: String,
        _ caller: Caller,
        _ context: PageContext
    ) async throws -> (UserBody, DeletionView) {
        async let me = site.api.me(for: caller)
        async let providers = site.providers(for: caller, context)
        let confirmation = try await site.api.confirmation(for: caller)
        let view = DeletionView(email: email, confirmation: confirmation, providers: await providers)
        return (try await me, view)
    }

    /// Redirects to the page that confirms it, and deletes every cookie of this site and the cached pages.
    private func deletedResponse(_ cookies: [String], _ request: Request, _ context: PageContext) -> Response {
        let own = Caller.ownCookies(of: request, context.cookies).map(context.cookies.deleting)
        let page = SitePath.path(site.settings.farewell, notice: .accountDeleted)
        return site.forgettingPages(.seeOther(page, cookies: cookies + own))
    }
}
