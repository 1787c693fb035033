import Hummingbird
import Shared

/// The page that changes the password.
struct PasswordPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings
    let directory: ProviderDirectory
    let bodyDeadline: Duration

    /// Shows the form.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await visitors.protected(request, context, page: SitePath.password) { caller in
            async let me = api.me(for: caller)
            async let providers = directory.providers(for: caller, logger: context.logger)
            let confirmation = try await api.confirmation(for: caller)
            let user = try await me
            var view = PasswordView(email: user.email, confirmation: confirmation, providers: await providers)
            view.report = OAuthReport(Form(query: request))
            return try pages.response(view, visitor: .signedIn(user), in: context)
        }
    }

    /// Changes the password, or shows the form again with all errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        return try await visitors.protected(request, context, page: SitePath.password) { caller in
            async let me = api.me(for: caller)
            async let providers = directory.providers(for: caller, logger: context.logger)
            let confirmation = try await api.confirmation(for: caller)
            let user = try await me
            let faults = faults(in: form, of: user, hasPassword: confirmation.hasPassword)
            guard faults.isEmpty else {
                return try failed(FormFailure(fields: faults), user, confirmation, await providers, context)
            }
            let body = ChangePasswordRequest(
                currentPassword: confirmation.hasPassword ? form[FormField.currentPassword.rawValue] : nil,
                newPassword: form[FormField.password.rawValue]
            )
            do {
                let signed = try await api.changePassword(body, for: caller)
                let link = SitePath.link(SitePath.account, returnTo: nil, notice: .passwordChanged)
                return .seeOther(link, cookies: signed.cookies)
            } catch let error as APIError where error.code == .reauthenticationRequired {
                // The confirmation has expired; the page offers it again.
                return .seeOther(SitePath.password)
            } catch {
                let failure = try FormFailure(error, email: user.email, logger: context.logger)
                return try failed(failure, user, confirmation, await providers, context)
            }
        }
    }

    /// Redirects password managers to the form.
    @Sendable func redirect(_ request: Request, _ context: PageContext) -> Response {
        .seeOther(SitePath.password)
    }

    private func faults(in form: Form, of user: UserBody, hasPassword: Bool) -> [FieldError] {
        var faults: [FieldError] = []
        let current = FormField.currentPassword.rawValue
        if hasPassword, form[current].isEmpty { faults.append(FieldError(field: current, code: .required, detail: "")) }
        let others = [user.email, user.name] + settings.common.siteWords
        return faults + RegisterPage.passwordFaults(in: form, besides: others)
    }

    private func failed(
        _ failure: FormFailure,
        _ user: UserBody,
        _ confirmation: ConfirmationBody,
        _ providers: Providers,
        _ context: PageContext
    ) throws -> Response {
        var view = PasswordView(email: user.email, confirmation: confirmation, providers: providers)
        view.errors = failure.errors
        view.retryAfter = failure.retryAfter
        return try pages.response(
            view,
            visitor: .signedIn(user),
            in: context,
            status: failure.status,
            headers: failure.headers
        )
    }
}
