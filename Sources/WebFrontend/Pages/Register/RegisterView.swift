import Shared

/// What the page for making an account shows.
struct RegisterView: PageView {
    static let template = "register"
    /// The name that was typed.
    let name: String
    /// The address that was typed.
    let email: String
    /// Where to go afterwards.
    let returnTo: ReturnPath?
    /// The providers that are set up.
    let providers: Set<OAuthProvider>
    /// What is wrong.
    var errors: [FormError] = []
    /// Seconds after which to try again.
    var retryAfter: Int?

    var hasFailed: Bool { !errors.isEmpty }
    var location: String? { SitePath.link(SitePath.register, returnTo: returnTo) }

    func title(_ texts: Translator) -> String { texts[.titleRegister] }

    func values(_ texts: Translator) -> ViewValues {
        var values: ViewValues = [
            "register_page": true, "typed_form": "register-form",
            "login_link": SitePath.link(SitePath.login, returnTo: returnTo),
        ]
        for (key, field) in fields { values[key] = field.values(texts, errors: errors) }
        if let returnTo { values["return_to"] = returnTo.value }
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        if let providers = ProvidersView(providers: providers, returnTo: returnTo).values {
            values["providers"] = providers
        }
        return values
    }

    private var fields: [(key: String, field: FieldView)] {
        [
            (
                "name_field",
                FieldView(
                    name: "name",
                    label: .labelName,
                    hint: .hintName,
                    kind: .text,
                    autocomplete: "name",
                    value: name
                )
            ),
            (
                "email_field",
                FieldView(
                    name: "email",
                    label: .labelEmail,
                    hint: .hintEmail,
                    kind: .email,
                    autocomplete: "email",
                    value: email
                )
            ),
            (
                "password_field",
                FieldView(
                    name: "password",
                    label: .labelPassword,
                    kind: .password,
                    autocomplete: "new-password",
                    describedBy: "password-rules"
                )
            ),
            (
                "confirmation_field",
                FieldView(
                    name: "password_confirmation",
                    label: .labelConfirmation,
                    kind: .password,
                    autocomplete: "new-password"
                )
            ),
        ]
    }
}
