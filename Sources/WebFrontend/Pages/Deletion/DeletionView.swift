import Shared

/// The page that deletes the account.
struct DeletionView: FormView {
    static let template = "deletion"
    /// The typed email address.
    let email: String
    /// How the user can confirm.
    let confirmation: ConfirmationBody
    /// The enabled providers.
    let providers: Providers
    /// The failed sign-in at a provider that should have confirmed the change.
    var report: OAuthReport?
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
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
            values["typed_form"] = "deletion-form"
        }
        if let offer = again.values(texts, isOnlyWay: !confirmation.hasPassword) { values["reauthentication"] = offer }
        if let report {
            let failure = OAuthFailureView(report, purpose: .confirm, providers: providers) { _, _ in nil }
            values["oauth_failure"] = failure.values(texts)
        }
        return values
    }

    private var emailField: FieldView {
        FieldView(.email, .labelEmail, .email, autocomplete: "email", value: email, hint: .hintDeletion)
    }

    private var passwordField: FieldView {
        FieldView(.password, .labelPassword, .password, autocomplete: "current-password")
    }
}
