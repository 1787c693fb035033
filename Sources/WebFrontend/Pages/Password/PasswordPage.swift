import Hummingbird
import Shared

/// The page that changes the password.
struct PasswordPage: Sendable {
    let site: Site

    /// Shows the form.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await site.protected(request, context, page: SitePath.password) { caller in
            let (user, shown) = try await userAndView(caller, context)
            var view = shown
            view.confirmation.report = OAuthReport(Form(query: request))
            return try site.pages.response(view, visitor: .signedIn(user), in: context)
        }
    }

    /// Changes the password of the user for whom the form was shown, or shows the form again with all errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        return try await site.protected(request, context, page: SitePath.password) { caller in
            let (user, shown) = try await userAndView(caller, context)
            var view = shown
            // In another tab, the browser may have signed in to another account since this form was shown.
            // The form changes some addresses, such as those of migrated users with an internationalized domain.
            guard form[.email].isEmpty || form[.email].isExactly(EmailAddress.fromForm(user.email)) else {
                view.errors = [FormError(.errorAccountChanged, field: .email)]
                let status = APIErrorCode.invalidFields.status
                return try site.pages.response(view, visitor: .signedIn(user), in: context, status: status)
            }
            let hasPassword = view.confirmation.hasPassword
            let faults = faults(in: form, of: user, hasPassword: hasPassword)
            guard faults.isEmpty else {
                return try site.pages.rejected(view, FormFailure(fields: faults), visitor: .signedIn(user), in: context)
            }
            let body = ChangePasswordRequest(
                currentPassword: hasPassword ? form[.currentPassword] : nil,
                newPassword: form[.password]
            )
            do {
                let cookies = try await site.api.changePassword(body, for: caller)
                let link = SitePath.path(SitePath.account, notice: .passwordChanged)
                return .seeOther(link, cookies: cookies)
            } catch let error as APIError where error.code == .reauthenticationRequired {
                // The confirmation has expired; the page offers it again.
                return .seeOther(SitePath.password)
            } catch {
                let failure = try FormFailure(error, email: user.email, logger: context.logger)
                return try site.pages.rejected(view, failure, visitor: .signedIn(user), in: context)
            }
        }
    }

    /// Redirects password managers to the form.
    @Sendable func redirect(_ request: Request, _ context: PageContext) -> Response {
        .seeOther(SitePath.password)
    }

    /// The signed-in user, and the form.
    private func userAndView(_ caller: Caller, _ context: PageContext) async throws -> (UserBody, PasswordView) {
        let (user, confirmation) = try await site.confirmation(for: caller, on: SitePath.password, context)
        return (user, PasswordView(email: user.email, confirmation: confirmation))
    }

    private func faults(in form: Form, of user: UserBody, hasPassword: Bool) -> [FieldError] {
        let isMissing = hasPassword && form[.currentPassword].isEmpty
        let missing = isMissing ? [FormField.currentPassword.fault(.required)] : []
        let others = [user.email, user.name] + site.settings.common.siteWords
        return missing + form.newPasswordFaults(besides: others)
    }
}
