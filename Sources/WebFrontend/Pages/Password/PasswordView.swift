import Shared

/// The page that changes the password.
struct PasswordView: FormView {
    static let template = "password"
    /// The email address of the account, for password managers.
    let email: String
    var confirmation: ConfirmationView
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    var hasFailed: Bool { confirmation.report != nil || !errors.isEmpty }
    var location: String? { SitePath.password }

    func title(_ texts: Translator) -> String { texts[confirmation.hasPassword ? .titlePassword : .titleFirstPassword] }

    func values(_ texts: Translator) -> ViewValues {
        let hasPassword = confirmation.hasPassword
        var values: ViewValues = [
            "form": false, "lead": texts[hasPassword ? .passwordLead : .passwordFirstLead],
        ]
        if confirmation.hasForm {
            var form: ViewValues = ["submit_label": texts[hasPassword ? .changePassword : .setPassword]]
            for (key, field) in fields { form[key] = field.values(texts, errors: errors) }
            if !hasPassword { form["current_field"] = false }
            values["form"] = form
        }
        return values.merging(confirmation.values(texts, isAlternative: false)) { own, _ in own }
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
