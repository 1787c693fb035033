import Hummingbird
import Shared

/// Making an account.
struct RegisterPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings
    let bodyDeadline: Duration

    /// Shows the form, or sends on who is signed in already.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let visitor = try await visitors.visitor(Caller(request, context))
        if case .signedIn = visitor { return .seeOther((query.returnTo ?? settings.landing).value) }
        // Nothing that the address says is put into the form: a link must not be able to fill it in.
        var view = view(Form(), returnTo: query.returnTo)
        if settings.registration.mode == .invite { view.invited = query.provider(PagePath.providerParameter) }
        return try pages.response(
            view,
            visitor: visitor,
            notice: query.notice,
            in: context
        )
    }

    /// Makes the account and signs in, or shows the form again with everything that is wrong.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        if let language = form.language {
            return try pages.redrawn(view(form, returnTo: form.returnTo), in: language, context)
        }
        guard settings.registration.mode != .closed else {
            return try failed(
                form,
                FormFailure(APIError(.registrationClosed), email: "", logger: context.logger),
                context
            )
        }
        if let provider = form.provider(PagePath.providerParameter) { return try use(form, at: provider, context) }
        let faults =
            inviteFaults(in: form)
            + Self.faults(in: form, siteWords: PasswordRules.words(of: settings.common.publicURL))
        guard faults.isEmpty else {
            return try failed(form, FormFailure(fields: faults, email: form.email), context)
        }
        let body = RegisterRequest(
            email: form.email,
            password: form["password"],
            name: form["name"],
            invite: settings.registration.mode == .invite ? form[FormField.invite.rawValue] : nil
        )
        do {
            let signed = try await api.register(body, for: Caller(request, context))
            return .seeOther(SitePath.link(SitePath.signedIn, returnTo: form.returnTo), cookies: signed.cookies)
        } catch {
            return try failed(form, FormFailure(error, email: form.email, logger: context.logger), context)
        }
    }

    /// Every rule that the form breaks, by the rules that the API has too; the order is that of the fields.
    static func faults(in form: Form, siteWords: [String] = []) -> [FieldError] {
        var faults: [FieldError] = []
        do { _ = try DisplayName(form["name"]) } catch { faults.append(error.inField("name")) }
        do { _ = try EmailAddress(form.email) } catch { faults.append(error.inField("email")) }
        return faults + passwordFaults(in: form, besides: [form.email, form["name"]] + siteWords)
    }

    /// Every rule that a new password and its repetition break.
    static func passwordFaults(in form: Form, besides others: [String]) -> [FieldError] {
        var faults: [FieldError] = []
        faults += PasswordRules.violations(in: form["password"], besides: others).map { $0.inField("password") }
        let confirmation = FormField.confirmation.rawValue
        if form[confirmation].isEmpty {
            faults.append(FieldError(field: confirmation, code: .required, detail: ""))
        } else if !PasswordRules.areSame(form[confirmation], form["password"]) {
            faults.append(FieldError(field: confirmation, code: .mismatch, detail: ""))
        }
        return faults
    }

    /// Keeps the code of an invitation for a sign-in through a provider, which a page then offers.
    ///
    /// The form does not lead there by itself: browsers apply `form-action` to redirects, too.
    private func use(_ form: Form, at provider: OAuthProvider, _ context: PageContext) throws -> Response {
        let faults = inviteFaults(in: form)
        guard faults.isEmpty,
            let cookie = InviteCode.cookie(form[FormField.invite.rawValue], isSecure: context.isSecure)
        else {
            let invalid = FieldError(field: FormField.invite.rawValue, code: .invalidInvite, detail: "")
            return try failed(form, FormFailure(fields: faults.isEmpty ? [invalid] : faults), context)
        }
        let link = [(PagePath.providerParameter, provider.rawValue), (PagePath.returnParameter, form.returnTo?.value)]
        return .seeOther(SitePath.link(SitePath.register, link), cookies: [cookie])
    }

    private func inviteFaults(in form: Form) -> [FieldError] {
        let field = FormField.invite.rawValue
        guard settings.registration.mode == .invite, form[field].trimmingBlanks().isEmpty else { return [] }
        return [FieldError(field: field, code: .required, detail: "")]
    }

    private func view(_ form: Form, returnTo: ReturnPath?) -> RegisterView {
        RegisterView(
            name: form["name"],
            email: form.email,
            returnTo: returnTo,
            providers: settings.providers,
            registration: settings.registration,
            invite: form[FormField.invite.rawValue]
        )
    }

    private func failed(_ form: Form, _ failure: FormFailure, _ context: PageContext) throws -> Response {
        var view = view(form, returnTo: form.returnTo)
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
