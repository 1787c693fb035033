import Shared

/// The registration page.
struct RegisterView: FormView {
    static let template = "register"
    /// The typed name.
    let name: String
    /// The typed email address.
    let email: String
    /// The page to go to afterwards.
    let returnTo: ReturnPath?
    /// The enabled providers.
    let providers: Providers
    /// Who may create an account.
    var registration = RegistrationSettings()
    /// The typed code of an invitation.
    var invite = ""
    /// The provider for which the browser stores an invitation.
    var invited: OAuthProvider?
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    private var isClosed: Bool { registration.mode == .closed }
    var location: String? {
        SitePath.register.withQuery([
            (PagePath.providerParameter, invited?.rawValue), (PagePath.returnParameter, returnTo?.value),
        ])
    }

    var cacheKey: PageKey? {
        guard (name + email + invite).isEmpty, invited == nil, !hasFailed, retryAfter == nil else { return nil }
        return PageKey(
            template: Self.template,
            returnTo: returnTo,
            providers: providers,
            registration: registration
        )
    }

    func title(_ texts: Translator) -> String { texts[isClosed ? .titleRegisterClosed : .titleRegister] }

    func values(_ texts: Translator) -> ViewValues {
        var values: ViewValues = [
            "register_page": true, "typed_form": "register-form",
            "login_link": SitePath.path(SitePath.login, returnTo: returnTo),
            "closed": false, "invited": false, "form": false,
        ]
        if isClosed {
            values["closed"] = true
            values["typed_form"] = false
            return values
        }
        if let invited, providers.contains(invited) {
            values["invited"] = [
                "provider": invited.rawValue, "link": SitePath.signIn(through: invited, returnTo: returnTo),
                "label": texts.text(.confirmContinue, ["provider": providers.displayName(invited, texts)]),
                "text": texts.text(.registerInvited, ["provider": providers.displayName(invited, texts)]),
                "other_link": SitePath.path(SitePath.register, returnTo: returnTo),
            ]
            values["typed_form"] = false
            return values
        }
        values["form"] = form(texts)
        return values
    }

    private func form(_ texts: Translator) -> ViewValues {
        let isInviteOnly = registration.mode == .invite
        var values: ViewValues = ["lead": texts[isInviteOnly ? .registerLeadInvite : .registerLead], "domains": false]
        for name in ["return_to", "providers", "invite_field", "invite_providers"] { values[name] = false }
        for (key, field) in fields { values[key] = field.values(texts, errors: errors) }
        if isInviteOnly { values["invite_field"] = FieldView.invite(invite).values(texts, errors: errors) }
        if !registration.domains.isEmpty {
            let domains = registration.domains.joined(separator: ", ")
            values["domains"] = texts.text(.registerDomains, ["domains": domains])
        }
        if let returnTo { values["return_to"] = returnTo.value }
        if let buttons = ProvidersView(providers: providers, returnTo: returnTo).values(texts) {
            values[isInviteOnly ? "invite_providers" : "providers"] = buttons
        }
        return values
    }

    private var fields: KeyValuePairs<String, FieldView> {
        [
            "name_field": .init(.name, .labelName, .text, autocomplete: "name", value: name, hint: .hintName),
            "email_field": .init(.email, .labelEmail, .email, autocomplete: "email", value: email, hint: .hintEmail),
            "password_field": .newPassword(.labelPassword),
            "confirmation_field": .confirmation,
        ]
    }
}
