import Shared

/// The page that changes the password.
struct PasswordView: FormView {
    static let template = "password"
    /// The email address of the account, for password managers.
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
    var location: String? { SitePath.password }

    func title(_ texts: Translator) -> String { texts[confirmation.hasPassword ? .titlePassword : .titleFirstPassword] }

    func values(_ texts: Translator) -> ViewValues {
        let again = ReauthenticationView(confirmation: confirmation, providers: providers, page: SitePath.password)
        let hasPassword = confirmation.hasPassword
        var values: ViewValues = [
            "form": false, "lead": texts[hasPassword ? .passwordLead : .passwordFirstLead],
        ]
        if hasPassword || again.isRecent {
            var form: ViewValues = ["submit_label": texts[hasPassword ? .changePassword : .setPassword]]
            for (key, field) in fields { form[key] = field.values(texts, errors: errors) }
            if !hasPassword { form["current_field"] = false }
            values["form"] = form
        } else if let offer = again.values(texts, isOnlyWay: true) {
            values["reauthentication"] = offer
        }
        if let report {
            let failure = OAuthFailureView(report, purpose: .confirm, providers: providers) { _, _ in nil }
            values["oauth_failure"] = failure.values(texts)
        }
        return values
    }

    private var fields: KeyValuePairs<String, FieldView> {
        [
            "email_field": .init(.email, .labelEmail, .email, autocomplete: "username", value: email, isReadOnly: true),
            "current_field": .init(
                .currentPassword,
                .labelCurrentPassword,
                .password,
                autocomplete: "current-password"
            ),
            "password_field": .newPassword(.labelNewPassword),
            "confirmation_field": .confirmation,
        ]
    }
}
