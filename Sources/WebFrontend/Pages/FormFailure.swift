import HTTPTypes
import Hummingbird
import Logging
import Shared

/// Why a form was rejected, for errors that the form itself shows.
struct FormFailure: Sendable {
    /// The status of the response.
    let status: Int
    /// The errors to show.
    let errors: [FormError]
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    /// Errors of fields, found before the API request; with the email address as typed.
    init(fields: [FieldError], email: String = "") {
        status = APIErrorCode.invalidFields.status
        errors = fields.map { FormError($0, email: email) }
    }

    /// An error from the API.
    ///
    /// - Parameters:
    ///   - error: the API's error, or why there was no response; the latter is logged.
    ///   - email: the email address as typed.
    ///   - logger: the request's logger.
    /// - Throws: the error itself if a form cannot show it.
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

    /// The headers of the response.
    var headers: HTTPFields {
        retryAfter.map { [.retryAfter: String($0)] } ?? [:]
    }
}

extension PageRenderer {
    /// Shows a rejected form again with its errors.
    func rejected(
        _ view: some FormView,
        _ failure: FormFailure,
        visitor: Visitor,
        in context: PageContext
    ) throws -> Response {
        var view = view
        view.errors = failure.errors
        view.retryAfter = failure.retryAfter
        return try response(view, visitor: visitor, in: context, status: failure.status, headers: failure.headers)
    }
}
