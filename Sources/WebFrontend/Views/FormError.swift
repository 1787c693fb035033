import Shared

/// An error of a form: of one field, or of the whole form.
struct FormError: Sendable, Equatable {
    /// The invalid field; nil for the whole form.
    let field: FormField?
    /// The message.
    let text: TextKey

    /// The message for an error of the API or of a rule.
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - email: the email address as typed, to find its fault.
    init(_ error: FieldError, email: String = "") {
        field = FormField(apiField: error.field)
        if field == .email, error.code == .invalidEmail, let fault = EmailAddress.fault(in: email) {
            text = fault.text
        } else {
            text = field?.text(for: error.code) ?? .errorField
        }
    }

    /// An error of a field, or of the whole form.
    init(_ text: TextKey, field: FormField? = nil) {
        self.field = field
        self.text = text
    }
}

/// The fields of the forms, mostly with the API's names.
enum FormField: String, CaseIterable, Sendable {
    case name
    case email
    case password
    case confirmation = "password_confirmation"
    case invite
    case code
    case currentPassword = "current_password"

    /// The form field for a field of the API.
    init?(apiField: String) {
        // All forms use the same name for a new password.
        self.init(exactly: apiField.isExactly("new_password") ? Self.password.rawValue : apiField)
    }

    /// A violated rule of the field, without the sentence of the API.
    func fault(_ code: FieldErrorCode) -> FieldError { FieldError(field: rawValue, code: code, detail: "") }

    /// The message for a violated rule.
    func text(for code: FieldErrorCode) -> TextKey {
        switch (self, code) {
        case (.name, .required): .errorNameRequired
        case (.name, .tooLong): .errorNameTooLong
        case (.name, .invalidCharacter): .errorNameInvalid
        case (.email, .required): .errorEmailRequired
        case (.email, .tooLong): .errorEmailTooLong
        case (.email, .taken): .errorEmailTaken
        case (.email, .differs): .errorEmailDiffers
        case (.email, .mismatch): .errorEmailNotYours
        case (.email, .invalidEmail), (.email, .invalidCharacter): .errorEmailInvalid
        case (.password, .required): .errorPasswordRequired
        case (.password, .tooShort): .errorPasswordTooShort
        case (.password, .tooLong): .errorPasswordTooLong
        case (.password, .incorrect): .errorPasswordIncorrect
        case (.password, .missingUppercase): .errorPasswordUppercase
        case (.password, .missingLowercase): .errorPasswordLowercase
        case (.password, .missingDigit): .errorPasswordDigit
        case (.password, .tooCommon): .errorPasswordCommon
        case (.currentPassword, .required): .errorCurrentPasswordRequired
        case (.currentPassword, .tooLong): .errorCurrentPasswordTooLong
        case (.currentPassword, .incorrect): .errorPasswordIncorrect
        case (.email, .domainNotAllowed): .errorEmailDomain
        case (.code, .required): .errorCodeRequired
        case (.code, _): .errorCodeInvalid
        case (.invite, .required): .errorInviteRequired
        case (.invite, _): .errorInviteInvalid
        case (.confirmation, .required): .errorConfirmationRequired
        case (.confirmation, .mismatch): .errorMismatch
        default: .errorField
        }
    }
}

extension Form {
    /// Every rule that a new password and its repetition violate.
    ///
    /// The password must not be built from the other texts.
    func newPasswordFaults(besides others: [String]) -> [FieldError] {
        var faults = PasswordRules.violations(in: self[.password], besides: others).map { $0.inField("password") }
        if self[.confirmation].isEmpty {
            faults.append(FormField.confirmation.fault(.required))
        } else if !PasswordRules.areSame(self[.confirmation], self[.password]) {
            faults.append(FormField.confirmation.fault(.mismatch))
        }
        return faults
    }
}

extension EmailAddress.Fault {
    /// The message.
    var text: TextKey {
        switch self {
        case .notAlone: .errorEmailNotAlone
        case .missingAt: .errorEmailMissingAt
        case .severalAts: .errorEmailSeveralAts
        case .blank: .errorEmailBlank
        case .missingName: .errorEmailMissingName
        case .longName: .errorEmailLongName
        case .dotsInName: .errorEmailDotsInName
        case .characterInName: .errorEmailCharacterInName
        case .missingDomain: .errorEmailMissingDomain
        case .foreignDomain: .errorEmailForeignDomain
        case .incompleteDomain: .errorEmailIncompleteDomain
        case .badDomain: .errorEmailBadDomain
        }
    }
}
