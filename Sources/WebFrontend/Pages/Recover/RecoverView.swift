/// The page that sets a new password with a one-time link.
struct RecoverView: FormView {
    static let template = "recover"
    /// The typed code.
    var code = ""
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    var location: String? { SitePath.recover }

    func title(_ texts: Translator) -> String { texts[.titleRecover] }

    func values(_ texts: Translator) -> ViewValues {
        let codeField = FieldView(.code, .labelCode, .code, autocomplete: "one-time-code", value: code, hint: .hintCode)
        return [
            "typed_form": "recover-form", "login_link": SitePath.login,
            "code_field": codeField.values(texts, errors: errors),
            "password_field": FieldView.newPassword(.labelNewPassword).values(texts, errors: errors),
            "confirmation_field": FieldView.confirmation.values(texts, errors: errors),
        ]
    }
}
