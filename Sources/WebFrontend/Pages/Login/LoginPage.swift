import Hummingbird
import Shared

/// The sign-in page: with email and password, also to connect a provider account; it also shows failed provider flows.
struct LoginPage: Sendable {
    let site: Site

    /// Shows the form, or redirects signed-in visitors if there is nothing to show.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let caller = Caller(request, context)
        let visitor = try await site.visitor(caller)
        let providers = await site.providers(for: caller, context)
        let connecting = Self.connecting(query, providers)
        let confirming = query.provider(PagePath.confirmParameter).flatMap {
            providers.contains($0) ? $0 : nil
        }
        // The URL does not fill the form: a link must not be able to.
        var view = view(Form(), returnTo: query.returnTo, providers)
        view.report = OAuthReport(query)
        if let confirming, view.report == nil, connecting == nil {
            var user: UserBody?
            if case .signedIn(let known) = visitor { user = known }
            view.offer = .confirm(confirming, user)
        } else if case .signedIn(let user) = visitor {
            if view.report?.failure == .flowExpired, connecting == nil {
                // The session shows that the sign-in is already complete.
                return .seeOther(query.returnTo?.value ?? SitePath.account)
            }
            // A password may have been set for another user.
            guard view.report != nil || connecting != nil || query.notice == .passwordRecovered else {
                let redirectCookies = Caller.redirectCookies(to: query.returnTo, isSecure: context.isSecure)
                return .seeOther((query.returnTo ?? site.settings.landing).value, cookies: redirectCookies)
            }
            view.offer = .goOn(user, connecting: connecting)
        } else if let connecting {
            if let pending = try await connection(to: connecting, caller) {
                view.offer = .connect(pending)
            } else {
                view.report = OAuthReport(connectionOver: connecting)
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
        let missing = [FormField.email, .password].filter { form[$0].isEmpty }.map { field in
            FieldError(field: field.rawValue, code: .required, detail: "")
        }
        guard missing.isEmpty else {
            return try await failed(form, FormFailure(fields: missing), providers, caller, context)
        }
        let connecting = Self.connecting(form, providers)
        let body = LoginRequest(email: form[.email], password: form[.password], connect: connecting)
        do {
            let signed = try await site.api.login(body, for: caller)
            let target = form.returnTo ?? connecting.flatMap { ReturnPath(SitePath.connected($0)) }
            return .seeOther(SitePath.link(SitePath.signedIn, returnTo: target), cookies: signed.cookies)
        } catch let error as APIError where error.code == .noPendingConnection {
            guard let connecting else { throw error }
            var view = view(form, returnTo: form.returnTo, providers)
            view.report = OAuthReport(connectionOver: connecting)
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

    /// The provider whose account to connect; an unknown name means an ordinary sign-in.
    private static func connecting(_ form: Form, _ providers: Providers) -> OAuthProvider? {
        form.provider(PagePath.connectParameter).flatMap { providers.isKnown($0) ? $0 : nil }
    }

    /// The visitor's pending account of the given provider.
    ///
    /// - Throws: ``APIError`` when the API cannot determine it.
    private func connection(to provider: OAuthProvider, _ caller: Caller) async throws -> PendingConnectionBody? {
        guard caller.hasConnection else { return nil }
        do {
            let pending = try await site.api.pendingConnection(for: caller)
            return pending.provider == provider ? pending : nil
        } catch let error as APIError where error.code == .noPendingConnection {
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
        if let provider = Self.connecting(form, providers) {
            // The address of the pending account, not the sent one, which is used only while the API is unavailable.
            let pending = try? await connection(to: provider, caller)
            view.offer = .connect(pending ?? PendingConnectionBody(provider: provider, email: form[.email]))
        }
        return try site.pages.rejected(view, failure, visitor: .anonymous, in: context)
    }
}
