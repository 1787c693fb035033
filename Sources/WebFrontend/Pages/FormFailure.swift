import HTTPTypes
import Logging
import Shared

/// Why the API did not take a form, when that is something to say on the form itself.
struct FormFailure: Sendable {
    /// The status of the answer.
    let status: Int
    /// What to say.
    let errors: [FormError]
    /// Seconds after which to try again.
    var retryAfter: Int?

    /// What is wrong with fields, found before asking the API; with the address as it was typed.
    init(fields: [FieldError], email: String = "") {
        status = APIErrorCode.invalidFields.status
        errors = fields.map { FormError($0, email: email) }
    }

    /// What the API said.
    ///
    /// - Parameters:
    ///   - error: what the API said, or why it said nothing; the latter is logged.
    ///   - email: the address as it was typed.
    ///   - logger: the request's.
    /// - Throws: the error itself when it is none that a form can show.
    init(_ error: any Error, email: String, logger: Logger) throws {
        guard let error = error as? APIError else { throw error }
        if let cause = error.cause {
            logger.warning("form rejected", metadata: ["cause": .string(ErrorPages.logged(cause))])
        }
        status = error.code.status
        switch error.code {
        case .invalidCredentials: errors = [FormError(.errorCredentials)]
        case .accountDisabled: errors = [FormError(.errorAccountDisabled)]
        case .invalidRecoveryCode: errors = [FormError(.errorCodeInvalid, field: .code)]
        case .registrationClosed: errors = [FormError(.registerClosedText)]
        case .emailTaken: errors = [FormError(.errorEmailTaken, field: .email)]
        case .invalidFields:
            errors = error.fields.isEmpty ? [FormError(.errorField)] : error.fields.map { FormError($0, email: email) }
        case .tooManyRequests:
            errors = [FormError(.errorTooManyRequests)]
            retryAfter = error.retryAfter
        case .overloaded:
            errors = [FormError(.errorOverloaded)]
            retryAfter = error.retryAfter ?? ErrorPages.defaultRetry
        case .serviceUnavailable:
            errors = [FormError(.errorUnavailable)]
            retryAfter = error.retryAfter ?? ErrorPages.defaultRetry
        default: throw error
        }
    }

    /// The headers that belong to the answer.
    var headers: HTTPFields {
        retryAfter.map { [.retryAfter: String($0)] } ?? [:]
    }
}
