import Hummingbird
import Shared

/// The page that sets a new password with an operator's one-time link.
///
/// The code is in the fragment of the link, which browsers do not send: opening the page neither reveals nor uses the
/// code. The page's script copies it into the form; without JavaScript, the visitor does.
struct RecoverPage: Sendable {
    let api: AuthAPIClient
    let pages: PageRenderer
    let settings: FrontendSettings
    let bodyDeadline: Duration

    /// Shows the form, also to signed-in users.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try pages.response(RecoverView(), visitor: .unknown, in: context)
    }

    /// Sets the password and redirects to the sign-in page, or shows the form again with all errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        let code = form[FormField.code.rawValue]
        if let language = form.language {
            return try pages.redrawn(RecoverView(code: code), for: .unknown, in: language, context)
        }
        var faults: [FieldError] = []
        if TypedCode.isMissing(code) {
            faults.append(FieldError(field: FormField.code.rawValue, code: .required, detail: ""))
        }
        let siteWords = settings.common.siteWords
        faults += RegisterPage.passwordFaults(in: form, besides: siteWords)
        guard faults.isEmpty else { return try failed(code, FormFailure(fields: faults), context) }
        do {
            let body = RecoverRequest(code: code, password: form[FormField.password.rawValue])
            try await api.recover(body, for: Caller(request, context))
            return .seeOther(SitePath.link(SitePath.login, returnTo: nil, notice: .passwordRecovered))
        } catch {
            return try failed(code, FormFailure(error, email: "", logger: context.logger), context)
        }
    }

    private func failed(_ code: String, _ failure: FormFailure, _ context: PageContext) throws -> Response {
        var view = RecoverView(code: code)
        view.errors = failure.errors
        view.retryAfter = failure.retryAfter
        return try pages.response(
            view,
            visitor: .unknown,
            in: context,
            status: failure.status,
            headers: failure.headers
        )
    }
}
