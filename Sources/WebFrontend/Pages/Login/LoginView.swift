import Shared

/// The sign-in page.
struct LoginView: FormView {
    /// The content for a visitor.
    enum Offer: Sendable {
        /// The form and the other sign-in methods.
        case signIn(email: String)
        /// The form that links a provider account with the password of the account with the same email.
        case link(PendingLinkBody)
        /// Continue as the signed-in user, who wanted to link an account of the provider if there is one.
        case alreadySignedIn(UserBody, linking: OAuthProvider?)
        /// Confirm signing in through the provider, replacing the signed-in user if any: another or an unknown site started
        /// it.
        case confirm(OAuthProvider, UserBody?)
    }

    static let template = "login"
    /// The content for the visitor.
    var offer: Offer
    /// The page to go to afterwards.
    let returnTo: ReturnPath?
    /// The default page to go to.
    var landing = ReturnPath.home
    /// The enabled providers.
    let providers: Providers
    /// The failed provider flow.
    var report: OAuthReport?
    /// The errors of the form.
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    var hasFailed: Bool { report != nil || !errors.isEmpty }

    var location: String? {
        switch offer {
        case .link(let pending): SitePath.linkWithPassword(pending.provider, returnTo: returnTo)
        case .confirm(let provider, _): SitePath.confirm(provider, returnTo: returnTo)
        case .signIn, .alreadySignedIn: SitePath.path(SitePath.login, returnTo: returnTo)
        }
    }

    var cacheKey: PageKey? {
        guard case .signIn(email: "") = offer, !hasFailed, retryAfter == nil else { return nil }
        return PageKey(template: Self.template, returnTo: returnTo, providers: providers)
    }

    func title(_ texts: Translator) -> String { heading(texts, .titleLogin) }

    func values(_ texts: Translator) -> ViewValues {
        var values: ViewValues = ["login_page": true, "heading": heading(texts, .loginHeading)]
        switch offer {
        case .signIn(let email):
            values["form"] = signInForm(texts, email: email)
            values["typed_form"] = "login-form"
        case .link(let pending): values["form"] = linkForm(texts, pending)
        case .alreadySignedIn(let user, let linking):
            values["already"] = alreadySignedIn(texts, user, linking: linking)
        case .confirm(let provider, let user): values["confirm"] = confirmation(texts, provider, user)
        }
        if let lead = lead(texts) { values["lead"] = lead }
        if let report { values["oauth_failure"] = failure(report).values(texts) }
        return values
    }

    private func heading(_ texts: Translator, _ standard: TextKey) -> String {
        switch offer {
        case .link(let pending):
            texts.text(.titleConnect, ["provider": providers.displayName(pending.provider, texts)])
        case .confirm(let provider, _): texts.text(.titleConfirm, ["provider": providers.displayName(provider, texts)])
        case .signIn, .alreadySignedIn: texts[standard]
        }
    }

    private func lead(_ texts: Translator) -> String? {
        switch offer {
        case .signIn: returnTo != nil && !hasFailed ? texts[.loginContinue] : nil
        case .link(let pending):
            texts.text(.connectLead, ["provider": providers.displayName(pending.provider, texts)])
        case .confirm(let provider, _): texts.text(.confirmLead, ["provider": providers.displayName(provider, texts)])
        case .alreadySignedIn: nil
        }
    }

    private func failure(_ report: OAuthReport) -> OAuthFailureView {
        // Signed-in visitors need no retry.
        var startable = providers
        if case .alreadySignedIn = offer { startable = .none }
        return OAuthFailureView(report, purpose: .signIn, providers: providers) { provider, choosing in
            startable.contains(provider)
                ? SitePath.signIn(through: provider, returnTo: returnTo, choosing: choosing) : nil
        }
    }

    private func signInForm(_ texts: Translator, email: String) -> ViewValues {
        var form = form(texts, email: email)
        form["submit_label"] = texts[.signIn]
        form["register_link"] = SitePath.path(SitePath.register, returnTo: returnTo)
        let choosing = report.flatMap { $0.failure.needsAnotherAccount ? $0.provider : nil }
        if let providers = ProvidersView(providers: providers, returnTo: returnTo, choosing: choosing).values(texts) {
            form["providers"] = providers
        }
        return form
    }

    private func linkForm(_ texts: Translator, _ pending: PendingLinkBody) -> ViewValues {
        var form = form(texts, email: pending.email, isReadOnly: true)
        form["connect"] = pending.provider.rawValue
        form["submit_label"] = texts[.connectSubmit]
        form["other_link"] = SitePath.path(SitePath.login, returnTo: returnTo)
        return form
    }

    private func form(_ texts: Translator, email: String, isReadOnly: Bool = false) -> ViewValues {
        let emailField = FieldView(
            .email,
            .labelEmail,
            .email,
            autocomplete: "username",
            value: email,
            isReadOnly: isReadOnly
        )
        let passwordField = FieldView(.password, .labelPassword, .password, autocomplete: "current-password")
        var form: ViewValues = [
            "email_field": emailField.values(texts, errors: errors),
            "password_field": passwordField.values(texts, errors: errors),
            "return_to": false, "connect": false, "providers": false, "register_link": false, "other_link": false,
        ]
        if let returnTo { form["return_to"] = returnTo.value }
        return form
    }

    private func alreadySignedIn(_ texts: Translator, _ user: UserBody, linking: OAuthProvider?) -> ViewValues {
        let parts = texts.parts(.loginAlready, around: "email")
        var values: ViewValues = [
            "signed_in_as": ["before": parts.before, "after": parts.after], "email": user.email, "advice": false,
            "link": (returnTo ?? landing).value, "label": texts[.loginAlreadyContinue],
        ]
        if let linking {
            values["advice"] = texts.text(.connectAlready, ["provider": providers.displayName(linking, texts)])
            values["link"] = SitePath.account
            values["label"] = texts[.connectAlreadyContinue]
        }
        return values
    }

    private func confirmation(_ texts: Translator, _ provider: OAuthProvider, _ user: UserBody?) -> ViewValues {
        let parts = texts.parts(.confirmReplaces, around: "email")
        var replaces: any Sendable = false
        if let user { replaces = ["before": parts.before, "email": user.email, "after": parts.after] }
        return [
            "replaces": replaces,
            "provider": provider.rawValue,
            "link": SitePath.signIn(through: provider, returnTo: returnTo),
            "label": texts.text(.confirmContinue, ["provider": providers.displayName(provider, texts)]),
            "other_link": user == nil
                ? SitePath.path(SitePath.login, returnTo: returnTo) : (returnTo ?? landing).value,
            "other_label": texts[user == nil ? .connectOtherWay : .confirmStay],
        ]
    }
}
