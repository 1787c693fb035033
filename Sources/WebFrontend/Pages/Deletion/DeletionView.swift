import Shared

/// The page that deletes the account.
struct DeletionView: FormView {
    static let template = "deletion"
    /// The typed email address.
    let email: String
    var confirmation: ConfirmationView
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    var hasFailed: Bool { confirmation.report != nil || !errors.isEmpty }
    var location: String? { SitePath.deletion }

    func title(_ texts: Translator) -> String { texts[.titleDeletion] }

    func values(_ texts: Translator) -> ViewValues {
        var values: ViewValues = ["form": false]
        if confirmation.hasForm {
            var form: ViewValues = [
                "email_field": emailField.values(texts, errors: errors), "password_field": false,
            ]
            if !confirmation.isRecent { form["password_field"] = passwordField.values(texts, errors: errors) }
            values["form"] = form
            values["typed_form"] = "deletion-form"
        }
        return values.merging(confirmation.values(texts, isAlternative: true)) { own, _ in own }
    }

    private var emailField: FieldView {
        FieldView(.email, .labelEmail, .email, autocomplete: "email", value: email, hint: .hintDeletion)
    }

    private var passwordField: FieldView {
        FieldView(.password, .labelPassword, .password, autocomplete: "current-password")
    }
}
