import Hummingbird
import Shared

/// The page that sets a new password with an operator's one-time link.
///
/// The code is in the fragment of the link, which browsers do not send: opening the page neither reveals nor uses the
/// code. The page's script copies it into the form; without JavaScript, the visitor does.
struct RecoverPage: Sendable {
    let site: Site

    /// Shows the form, even to signed-in users.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try site.pages.response(RecoverView(), visitor: .unknown, in: context)
    }

    /// Sets the password and redirects to the sign-in page, or shows the form again with all errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        let code = form[.code]
        if let language = form.language {
            return try site.pages.redrawn(RecoverView(code: code), for: .unknown, in: language, context)
        }
        let missing = TypedCode.isMissing(code) ? [FormField.code.fault(.required)] : []
        let faults = missing + form.newPasswordFaults(besides: site.settings.common.siteWords)
        guard faults.isEmpty else { return try failed(code, FormFailure(fields: faults), context) }
        do {
            let body = RecoverRequest(code: code, password: form[.password])
            try await site.api.recover(body, for: Caller(request, context))
            return .seeOther(SitePath.path(SitePath.login, notice: .passwordRecovered))
        } catch {
            return try failed(code, FormFailure(error, email: "", logger: context.logger), context)
        }
    }

    private func failed(_ code: String, _ failure: FormFailure, _ context: PageContext) throws -> Response {
        try site.pages.rejected(RecoverView(code: code), failure, visitor: .unknown, in: context)
    }
}
