import FoundationEssentials
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
            view.confirmation.report = OAuthReport(Form(query: request))
            return try site.pages.response(view, visitor: .signedIn(user), in: context)
        }
    }

    /// Deletes the account, or shows the form again with the errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        return try await site.protected(request, context, page: SitePath.deletion) { caller in
            if let language = form.language {
                let (visitor, view) = try await typed(form, caller, context)
                return try site.pages.redrawn(view, for: visitor, in: language, context)
            }
            let password = form[.password]
            let body = DeleteAccountRequest(email: form[.email], password: password.isEmpty ? nil : password)
            do {
                let cookies = try await site.api.deleteAccount(body, for: caller)
                return deletedResponse(cookies, request, context)
            } catch let error as APIError where error.code == .reauthenticationRequired {
                // The confirmation has expired; the page offers it again.
                return .seeOther(SitePath.deletion)
            } catch {
                let failure = try FormFailure(error, email: form[.email], logger: context.logger)
                let (visitor, view) = try await typed(form, caller, context)
                return try site.pages.rejected(view, failure, visitor: visitor, in: context)
            }
        }
    }

    /// The form as it was typed; without the user while the API is unavailable.
    private func typed(_ form: Form, _ caller: Caller, _ context: PageContext) async throws -> (Visitor, DeletionView) {
        do {
            let (user, view) = try await userAndView(email: form[.email], caller, context)
            return (.signedIn(user), view)
        } catch let error as APIError where error.code == .serviceUnavailable {
            // A form without a password was that of a user who has just signed in again.
            let until: Date? = form.value(FormField.password.rawValue) == nil ? .distantFuture : nil
            let body = ConfirmationBody(hasPassword: true, reauthenticatedUntil: until, providers: [])
            let providers = await site.providers(for: caller, context)
            let confirmation = ConfirmationView(body: body, providers: providers, page: SitePath.deletion)
            return (.unknown, DeletionView(email: form[.email], confirmation: confirmation))
        }
    }

    /// The signed-in user, and the form with the typed email address.
    private func userAndView(
        email: String,
        _ caller: Caller,
        _ context: PageContext
    ) async throws -> (UserBody, DeletionView) {
        let (user, confirmation) = try await site.confirmation(for: caller, on: SitePath.deletion, context)
        return (user, DeletionView(email: email, confirmation: confirmation))
    }

    /// Redirects to the page that confirms it, and deletes every cookie of this site and the cached pages.
    private func deletedResponse(_ cookies: [String], _ request: Request, _ context: PageContext) -> Response {
        let own = Caller.ownCookies(of: request, context.cookies).map(context.cookies.deleting)
        let page = SitePath.path(site.settings.farewell, notice: .accountDeleted)
        return site.forgettingPages(.seeOther(page, cookies: cookies + own))
    }
}
