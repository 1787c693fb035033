import Shared

/// The page that sets a new password with a one-time link.
struct RecoverView: PageView {
    static let template = "recover"
    /// The typed code.
    var code = ""
    /// The errors.
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    var hasFailed: Bool { !errors.isEmpty }
    var location: String? { SitePath.recover }

    func title(_ texts: Translator) -> String { texts[.titleRecover] }

    func values(_ texts: Translator) -> ViewValues {
        var values: ViewValues = [
            "typed_form": "recover-form", "login_link": SitePath.login,
            "code_field": FieldView(
                name: FormField.code.rawValue,
                label: .labelCode,
                hint: .hintCode,
                kind: .code,
                autocomplete: "off",
                value: code
            ).values(texts, errors: errors),
            "password_field": FieldView(
                name: FormField.password.rawValue,
                label: .labelNewPassword,
                kind: .password,
                autocomplete: "new-password",
                describedBy: "password-rules"
            ).values(texts, errors: errors),
            "confirmation_field": FieldView(
                name: FormField.confirmation.rawValue,
                label: .labelConfirmation,
                kind: .password,
                autocomplete: "new-password"
            ).values(texts, errors: errors),
        ]
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        return values
    }
}
