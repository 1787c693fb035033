import Hummingbird
import Shared

/// Signing in with email and password.
struct LoginPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings
    let bodyDeadline: Duration

    /// Shows the form, or sends on who is signed in already.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let visitor = try await visitors.visitor(Caller(request, context))
        if case .signedIn = visitor { return .seeOther((query.returnTo ?? .home).value) }
        return try pages.response(view(query), visitor: visitor, notice: query.notice, in: context)
    }

    /// Signs in, or shows the form again with what is wrong.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        let missing = [FormField.email, .password].filter { form[$0.rawValue].isEmpty }.map { field in
            FieldError(field: field.rawValue, code: .required, detail: "")
        }
        guard missing.isEmpty else { return try failed(form, FormFailure(fields: missing), context) }
        let body = LoginRequest(email: form["email"], password: form["password"])
        do {
            let signed = try await api.login(body, for: Caller(request, context))
            return .seeOther(SitePath.link(SitePath.signedIn, returnTo: form.returnTo), cookies: signed.cookies)
        } catch {
            return try failed(form, FormFailure(error, logger: context.logger), context)
        }
    }

    /// Where a browser comes by right after signing in: sends it on if it kept the cookie, else says that it did not.
    ///
    /// Without this stop a browser that refuses cookies would show the home page as if nothing had happened, or send a
    /// visitor of a protected page around in a circle.
    @Sendable func arrive(_ request: Request, _ context: PageContext) throws -> Response {
        let query = Form(query: request)
        guard !Caller(request, context).hasSession else { return .seeOther((query.returnTo ?? .home).value) }
        var view = view(query)
        view.errors = [FormError(.noticeCookiesOff)]
        return try pages.response(view, visitor: .anonymous, in: context)
    }

    private func view(_ form: Form) -> LoginView {
        LoginView(email: form["email"], returnTo: form.returnTo, providers: settings.providers)
    }

    private func failed(_ form: Form, _ failure: FormFailure, _ context: PageContext) throws -> Response {
        var view = view(form)
        view.errors = failure.errors
        view.retryAfter = failure.retryAfter
        return try pages.response(
            view,
            visitor: .anonymous,
            in: context,
            status: failure.status,
            headers: failure.headers
        )
    }
}
