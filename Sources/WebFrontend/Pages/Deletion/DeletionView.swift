import Shared

/// What the page for deleting the account shows.
struct DeletionView: PageView {
    static let template = "deletion"
    /// The address that was typed.
    let email: String
    /// How the user can confirm.
    let confirmation: ConfirmationBody
    /// The providers that are set up.
    let providers: Providers
    /// The sign-in at a provider that was to confirm it and failed.
    var report: OAuthReport?
    /// What is wrong.
    var errors: [FormError] = []
    /// Seconds after which to try again.
    var retryAfter: Int?

    var hasFailed: Bool { report != nil || !errors.isEmpty }
    var location: String? { SitePath.deletion }

    func title(_ texts: Translator) -> String { texts[.titleDeletion] }

    func values(_ texts: Translator) -> ViewValues {
        let again = ReauthenticationView(confirmation: confirmation, providers: providers, page: SitePath.deletion)
        let needsPassword = confirmation.hasPassword && !again.isRecent
        var values: ViewValues = ["form": false]
        if confirmation.hasPassword || again.isRecent {
            var form: ViewValues = [
                "email_field": emailField.values(texts, errors: errors), "password_field": false,
            ]
            if needsPassword { form["password_field"] = passwordField.values(texts, errors: errors) }
            values["form"] = form
        }
        if let offer = again.values(texts, isOnlyWay: !confirmation.hasPassword) { values["reauthentication"] = offer }
        if let report {
            let failure = OAuthFailureView(report, purpose: .confirm, providers: providers) { _, _ in nil }
            values["oauth_failure"] = failure.values(texts)
        }
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        return values
    }

    private var emailField: FieldView {
        FieldView(
            name: FormField.email.rawValue,
            label: .labelEmail,
            hint: .hintDeletion,
            kind: .email,
            autocomplete: "off",
            value: email
        )
    }

    private var passwordField: FieldView {
        FieldView(
            name: FormField.password.rawValue,
            label: .labelPassword,
            kind: .password,
            autocomplete: "current-password"
        )
    }
}
