import Hummingbird
import Shared

/// The registration page.
struct RegisterPage: Sendable {
    let site: Site

    /// Shows the form, or redirects signed-in visitors.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let caller = Caller(request, context)
        let visitor = try await site.visitor(caller)
        if case .signedIn = visitor { return .seeOther((query.returnTo ?? site.settings.landing).value) }
        // The form is not prefilled from the URL, so that a link cannot choose its values.
        var view = await view(Form(), returnTo: query.returnTo, caller, context)
        if site.settings.registration.mode == .invite { view.invited = query.provider(PagePath.providerParameter) }
        return try site.pages.response(view, visitor: visitor, notice: query.notice, in: context)
    }

    /// Creates the account and signs in, or shows the form again with all errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        let caller = Caller(request, context)
        if let language = form.language {
            return try site.pages.redrawn(
                await view(form, returnTo: form.returnTo, caller, context),
                in: language,
                context
            )
        }
        guard site.settings.registration.mode != .closed else {
            return try await failed(
                form,
                FormFailure(APIError(.registrationClosed), email: "", logger: context.logger),
                caller,
                context
            )
        }
        if let provider = form.provider(PagePath.providerParameter) {
            return try await use(form, at: provider, caller, context)
        }
        let faults = inviteFaults(in: form) + Self.faults(in: form, siteWords: site.settings.common.siteWords)
        guard faults.isEmpty else {
            return try await failed(form, FormFailure(fields: faults, email: form[.email]), caller, context)
        }
        let body = RegisterRequest(
            email: form[.email],
            password: form[.password],
            name: form[.name],
            invite: site.settings.registration.mode == .invite ? form[.invite] : nil
        )
        do {
            let cookies = try await site.api.register(body, for: caller)
            return .seeOther(SitePath.path(SitePath.signedIn, returnTo: form.returnTo), cookies: cookies)
        } catch {
            let failure = try FormFailure(error, email: form[.email], logger: context.logger)
            return try await failed(form, failure, caller, context)
        }
    }

    /// Every rule that the form violates, in the order of the fields; the API has the same rules.
    static func faults(in form: Form, siteWords: [String] = []) -> [FieldError] {
        var faults: [FieldError] = []
        do { _ = try DisplayName(form[.name]) } catch { faults.append(error.inField("name")) }
        do { _ = try EmailAddress(form[.email]) } catch { faults.append(error.inField("email")) }
        return faults + form.newPasswordFaults(besides: [form[.email], form[.name]] + siteWords)
    }

    /// Stores the code of an invitation for a provider sign-in, which the page then offers.
    ///
    /// The form does not redirect there: browsers apply `form-action` to redirects, too.
    private func use(
        _ form: Form,
        at provider: OAuthProvider,
        _ caller: Caller,
        _ context: PageContext
    ) async throws -> Response {
        let faults = inviteFaults(in: form)
        guard faults.isEmpty, let cookie = InviteCode.cookie(form[.invite], context.cookies) else {
            let invalid = faults.isEmpty ? [FormField.invite.fault(.invalidInvite)] : faults
            return try await failed(form, FormFailure(fields: invalid), caller, context)
        }
        let page = SitePath.register.withQuery([
            (PagePath.providerParameter, provider.rawValue), (PagePath.returnParameter, form.returnTo?.value),
        ])
        return .seeOther(page, cookies: [cookie])
    }

    private func inviteFaults(in form: Form) -> [FieldError] {
        guard site.settings.registration.mode == .invite, TypedCode.isMissing(form[.invite]) else { return [] }
        return [FormField.invite.fault(.required)]
    }

    private func view(
        _ form: Form,
        returnTo: ReturnPath?,
        _ caller: Caller,
        _ context: PageContext
    ) async -> RegisterView {
        RegisterView(
            name: form[.name],
            email: form[.email],
            returnTo: returnTo,
            providers: await site.providers(for: caller, context),
            registration: site.settings.registration,
            invite: form[.invite]
        )
    }

    private func failed(
        _ form: Form,
        _ failure: FormFailure,
        _ caller: Caller,
        _ context: PageContext
    ) async throws -> Response {
        let view = await view(form, returnTo: form.returnTo, caller, context)
        return try site.pages.rejected(view, failure, visitor: .anonymous, in: context)
    }
}
