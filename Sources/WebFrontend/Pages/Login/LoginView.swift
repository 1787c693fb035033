import Shared

/// What the page for signing in shows.
struct LoginView: PageView {
    static let template = "login"
    /// The address that was typed.
    let email: String
    /// Where to go afterwards.
    let returnTo: ReturnPath?
    /// The providers that are set up.
    let providers: Set<FrontendSettings.Provider>
    /// What is wrong.
    var errors: [FormError] = []
    /// Seconds after which to try again.
    var retryAfter: Int?

    var hasFailed: Bool { !errors.isEmpty }
    var location: String? { SitePath.link(SitePath.login, returnTo: returnTo) }

    func title(_ texts: Translator) -> String { texts[.titleLogin] }

    func values(_ texts: Translator) -> ViewValues {
        let emailField = FieldView(
            name: "email",
            label: .labelEmail,
            kind: .email,
            autocomplete: "username",
            value: email
        )
        let passwordField = FieldView(
            name: "password",
            label: .labelPassword,
            kind: .password,
            autocomplete: "current-password"
        )
        var values: ViewValues = [
            "login_page": true,
            "continue_hint": returnTo != nil && errors.isEmpty,
            "email_field": emailField.values(texts, errors: errors),
            "password_field": passwordField.values(texts, errors: errors),
            "register_link": SitePath.link(SitePath.register, returnTo: returnTo),
        ]
        if let returnTo { values["return_to"] = returnTo.value }
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        if let providers = ProvidersView(providers: providers, returnTo: returnTo).values {
            values["providers"] = providers
        }
        return values
    }
}
