import Shared

/// What the page for changing the password shows.
struct PasswordView: PageView {
    static let template = "password"
    /// The address that the password belongs to, for password managers.
    let email: String
    /// What is wrong.
    var errors: [FormError] = []
    /// Seconds after which to try again.
    var retryAfter: Int?

    var hasFailed: Bool { !errors.isEmpty }
    var location: String? { SitePath.password }

    func title(_ texts: Translator) -> String { texts[.titlePassword] }

    func values(_ texts: Translator) -> ViewValues {
        var values: ViewValues = [:]
        for (key, field) in fields { values[key] = field.values(texts, errors: errors) }
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        return values
    }

    private var fields: [(key: String, field: FieldView)] {
        [
            (
                "email_field",
                FieldView(
                    name: FormField.email.rawValue,
                    label: .labelEmail,
                    kind: .email,
                    autocomplete: "username",
                    value: email,
                    isReadOnly: true
                )
            ),
            (
                "current_field",
                FieldView(
                    name: FormField.currentPassword.rawValue,
                    label: .labelCurrentPassword,
                    kind: .password,
                    autocomplete: "current-password"
                )
            ),
            (
                "password_field",
                FieldView(
                    name: FormField.password.rawValue,
                    label: .labelNewPassword,
                    kind: .password,
                    autocomplete: "new-password",
                    describedBy: "password-rules"
                )
            ),
            (
                "confirmation_field",
                FieldView(
                    name: FormField.confirmation.rawValue,
                    label: .labelConfirmation,
                    kind: .password,
                    autocomplete: "new-password"
                )
            ),
        ]
    }
}
