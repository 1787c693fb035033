/// The closed list of the API's error codes.
///
/// Clients translate codes, never texts; a code's meaning and status do not change.
public enum APIErrorCode: String, Codable, Sendable, CaseIterable {
    /// The request could not be read: not JSON, the wrong shape, duplicate keys.
    case malformedRequest = "malformed_request"
    /// No live session.
    case unauthenticated
    /// Wrong email or wrong password, without revealing which.
    case invalidCredentials = "invalid_credentials"
    /// The user has to sign in again at a provider first.
    case reauthenticationRequired = "reauthentication_required"
    /// An operator has disabled the account; sent only if the password was correct.
    case accountDisabled = "account_disabled"
    /// A one-time link that is wrong, used, expired or replaced.
    case invalidRecoveryCode = "invalid_recovery_code"
    /// New accounts are not accepted.
    case registrationClosed = "registration_closed"
    /// An unsafe request that a browser sent on behalf of another site.
    case crossSiteRequest = "cross_site_request"
    /// The user may not use the application behind the sign-in.
    case accessDenied = "access_denied"
    /// No such path.
    case notFound = "not_found"
    /// The session is not one of the user's live sessions.
    case sessionNotFound = "session_not_found"
    /// The provider account is not linked to the user.
    case identityNotFound = "identity_not_found"
    /// No provider account is pending, or it has expired.
    case noPendingLink = "no_pending_connection"
    /// The path exists but does not accept this method.
    case methodNotAllowed = "method_not_allowed"
    /// The body did not arrive in time.
    case requestTimeout = "request_timeout"
    /// Another account has this email address.
    case emailTaken = "email_taken"
    /// Without this provider account the user could no longer sign in.
    case lastSignInMethod = "last_sign_in_method"
    /// The body is too large.
    case payloadTooLarge = "payload_too_large"
    /// The body is not `application/json`.
    case unsupportedMediaType = "unsupported_media_type"
    /// Fields of the body violate their rules.
    case invalidFields = "invalid_fields"
    /// Too many attempts; `Retry-After` is when to retry.
    case tooManyRequests = "too_many_requests"
    /// A server error.
    case internalError = "internal_error"
    /// A service that the server needs is unavailable; `Retry-After` is when to retry.
    case serviceUnavailable = "service_unavailable"
    /// The queue of password checks is full; `Retry-After` is when to retry.
    case overloaded

    /// The HTTP status of responses with this code.
    public var status: Int {
        switch self {
        case .malformedRequest: 400
        case .unauthenticated, .invalidCredentials: 401
        case .accountDisabled, .invalidRecoveryCode, .registrationClosed, .crossSiteRequest, .reauthenticationRequired,
            .accessDenied:
            403
        case .notFound, .sessionNotFound, .identityNotFound, .noPendingLink: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .emailTaken, .lastSignInMethod: 409
        case .payloadTooLarge: 413
        case .unsupportedMediaType: 415
        case .invalidFields: 422
        case .tooManyRequests: 429
        case .internalError: 500
        case .serviceUnavailable, .overloaded: 503
        }
    }

    /// The short English summary, the title of a problem document.
    public var title: String {
        switch self {
        case .malformedRequest: "Malformed request"
        case .unauthenticated: "Not signed in"
        case .invalidCredentials: "Wrong email or password"
        case .reauthenticationRequired: "Sign in again first"
        case .accountDisabled: "Account disabled"
        case .invalidRecoveryCode: "Link not valid"
        case .registrationClosed: "Registration closed"
        case .crossSiteRequest: "Cross-site request rejected"
        case .accessDenied: "No access"
        case .notFound: "Not found"
        case .sessionNotFound: "Session not found"
        case .identityNotFound: "Linked account not found"
        case .noPendingLink: "Nothing to link"
        case .methodNotAllowed: "Method not allowed"
        case .requestTimeout: "Request timed out"
        case .emailTaken: "Email already registered"
        case .lastSignInMethod: "Last way to sign in"
        case .payloadTooLarge: "Request body too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .invalidFields: "Invalid fields"
        case .tooManyRequests: "Too many requests"
        case .internalError: "Internal server error"
        case .serviceUnavailable: "Service unavailable"
        case .overloaded: "Server busy"
        }
    }
}

/// The closed list of error codes for fields.
public enum FieldErrorCode: String, Codable, Sendable, CaseIterable {
    /// The field is missing or empty.
    case required
    /// The field is not a string.
    case wrongType = "wrong_type"
    /// The field is unknown.
    case unknownField = "unknown_field"
    /// Fewer characters than the rule requires.
    case tooShort = "too_short"
    /// More characters than the rule allows.
    case tooLong = "too_long"
    /// Not an email address.
    case invalidEmail = "invalid_email"
    /// A character that the field does not allow.
    case invalidCharacter = "invalid_character"
    /// No upper-case letter.
    case missingUppercase = "missing_uppercase"
    /// No lower-case letter.
    case missingLowercase = "missing_lowercase"
    /// No digit.
    case missingDigit = "missing_digit"
    /// A password that attackers try first, or one built from such words.
    case tooCommon = "too_common"
    /// Two fields that must be equal differ.
    case mismatch
    /// Another user has this value.
    case taken
    /// Not the value of the pending step.
    case differs
    /// Not the user's password.
    case incorrect
    /// An address of a domain that cannot create an account.
    case domainNotAllowed = "domain_not_allowed"
    /// An invitation that is wrong, used, expired, or for another address.
    case invalidInvite = "invalid_invite"
    /// Not one of the allowed values.
    case unknownValue = "unknown_value"
}
