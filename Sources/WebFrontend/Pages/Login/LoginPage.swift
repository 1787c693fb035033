import Hummingbird
import Shared

/// The sign-in page: signs in, links a provider account with a password, and shows failed provider flows.
struct LoginPage: Sendable {
    let site: Site

    /// Shows the form, or redirects signed-in visitors if there is nothing to show.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let caller = Caller(request, context)
        let visitor = try await site.visitor(caller)
        let providers = await site.providers(for: caller, context)
        let linking = Self.linking(query, providers)
        let confirming = query.provider(PagePath.confirmParameter).flatMap { providers.contains($0) ? $0 : nil }
        // The form is not prefilled from the URL, so that a link cannot choose its values.
        var view = view(Form(), returnTo: query.returnTo, providers)
        view.report = OAuthReport(query)
        if let confirming, view.report == nil, linking == nil {
            view.offer = .confirm(confirming, visitor.user)
        } else if case .signedIn(let user) = visitor {
            if view.report?.failure == .flowExpired, linking == nil {
                // The session shows that the sign-in is already complete.
                return .seeOther(query.returnTo?.value ?? SitePath.account)
            }
            // A password may have been set for another user.
            guard view.report != nil || linking != nil || query.notice == .passwordRecovered else {
                let cookies = Caller.redirectCookies(to: query.returnTo, context.cookies)
                return .seeOther((query.returnTo ?? site.settings.landing).value, cookies: cookies)
            }
            view.offer =
                view.report?.failure == .signInAgain
                ? .signIn(email: user.email) : .alreadySignedIn(user, linking: linking)
        } else if let linking {
            if let pending = try await pendingLink(to: linking, caller) {
                view.offer = .link(pending)
            } else {
                view.report = OAuthReport(expiredLinkTo: linking)
            }
        }
        return try site.pages.response(view, visitor: visitor, notice: query.notice, in: context)
    }

    /// Signs in, or shows the form again with the errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        let caller = Caller(request, context)
        let providers = await site.providers(for: caller, context)
        if let language = form.language {
            return try site.pages.redrawn(view(form, returnTo: form.returnTo, providers), in: language, context)
        }
        let missing = [FormField.email, .password].filter { form[$0].isEmpty }.map { $0.fault(.required) }
        guard missing.isEmpty else {
            return try await failed(form, FormFailure(fields: missing), providers, caller, context)
        }
        let linking = Self.linking(form, providers)
        let body = LoginRequest(email: form[.email], password: form[.password], connect: linking)
        do {
            let cookies = try await site.api.login(body, for: caller)
            let target = form.returnTo ?? linking.flatMap { ReturnPath(SitePath.linked($0)) }
            return .seeOther(SitePath.path(SitePath.signedIn, returnTo: target), cookies: cookies)
        } catch let error as APIError where error.code == .noPendingLink {
            guard let linking else { throw error }
            var view = view(form, returnTo: form.returnTo, providers)
            view.report = OAuthReport(expiredLinkTo: linking)
            return try site.pages.response(view, visitor: .anonymous, in: context, status: error.code.status)
        } catch {
            let failure = try FormFailure(error, email: form[.email], logger: context.logger)
            return try await failed(form, failure, providers, caller, context)
        }
    }

    /// Checks, right after signing in, whether the browser stored the cookie: redirects if it did, otherwise shows an error.
    ///
    /// Without this step, a browser that rejects cookies would show the home page without an explanation, or redirect in a
    /// loop between a protected page and the sign-in page.
    @Sendable func arrive(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let caller = Caller(request, context)
        if caller.hasForeignSession { throw ForeignCookie(name: caller.sessionCookie) }
        guard !caller.hasSession else { return .seeOther((query.returnTo ?? site.settings.landing).value) }
        let providers = await site.providers(for: caller, context)
        var view = view(Form(), returnTo: query.returnTo, providers)
        view.errors = [FormError(.noticeCookiesOff)]
        return try site.pages.response(view, visitor: .anonymous, in: context)
    }

    private func view(_ form: Form, returnTo: ReturnPath?, _ providers: Providers) -> LoginView {
        LoginView(
            offer: .signIn(email: form[.email]),
            returnTo: returnTo,
            landing: site.settings.landing,
            providers: providers
        )
    }

    /// The provider whose account to link; an unknown name means an ordinary sign-in.
    private static func linking(_ form: Form, _ providers: Providers) -> OAuthProvider? {
        form.provider(PagePath.pendingLinkParameter).flatMap { providers.isKnown($0) ? $0 : nil }
    }

    /// The visitor's pending account of the given provider.
    ///
    /// - Throws: ``APIError`` when the API cannot determine it.
    private func pendingLink(to provider: OAuthProvider, _ caller: Caller) async throws -> PendingLinkBody? {
        guard caller.hasPendingLink else { return nil }
        do {
            let pending = try await site.api.pendingLink(for: caller)
            return pending.provider == provider ? pending : nil
        } catch let error as APIError where error.code == .noPendingLink {
            return nil
        }
    }

    private func failed(
        _ form: Form,
        _ failure: FormFailure,
        _ providers: Providers,
        _ caller: Caller,
        _ context: PageContext
    ) async throws -> Response {
        var view = view(form, returnTo: form.returnTo, providers)
        if let provider = Self.linking(form, providers) {
            // The address of the pending account, not the sent one, which is used only while the API is unavailable.
            let pending = try? await pendingLink(to: provider, caller)
            view.offer = .link(pending ?? PendingLinkBody(provider: provider, email: form[.email]))
        }
        return try site.pages.rejected(view, failure, visitor: .anonymous, in: context)
    }
}
