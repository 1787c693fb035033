import Shared

/// Something that is wrong with a form: with one field, or with all of it.
struct FormError: Sendable, Equatable {
    /// The field at fault; nil when it is none.
    let field: String?
    /// The text that says what to do.
    let text: TextKey

    /// The error that the API or a rule found, in the words of the form.
    ///
    /// - Parameters:
    ///   - error: what was found.
    ///   - email: the address as it was typed, in which to look for what is wrong with it.
    init(_ error: FieldError, email: String = "") {
        let known = FormField(apiField: error.field)
        field = known?.rawValue
        if known == .email, error.code == .invalidEmail, let fault = EmailAddress.fault(in: email) {
            text = fault.text
        } else {
            text = known?.text(for: error.code) ?? .errorField
        }
    }

    /// An error of a field, or of the whole form.
    init(_ text: TextKey, field: FormField? = nil) {
        self.field = field?.rawValue
        self.text = text
    }
}

/// The fields of the forms, nearly all under the names that the API has for them.
enum FormField: String, CaseIterable, Sendable {
    case name
    case email
    case password
    case confirmation = "password_confirmation"
    case invite
    case code
    case currentPassword = "current_password"

    /// The field of a form that a field of the API is.
    init?(apiField: String) {
        // The new password has the name that every new password has in a form.
        self.init(exactly: apiField.isExactly("new_password") ? Self.password.rawValue : apiField)
    }

    /// What to say when the field breaks a rule.
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

extension EmailAddress.Fault {
    /// What to say about it.
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
