/// The closed list of codes by which the API names what went wrong.
///
/// Clients translate codes, never texts; a code's meaning and status do not change.
public enum APIErrorCode: String, Codable, Sendable, CaseIterable {
    /// The request could not be read: not JSON, the wrong shape, duplicate keys.
    case malformedRequest = "malformed_request"
    /// No live session.
    case unauthenticated
    /// Wrong email or wrong password; which of the two is not told.
    case invalidCredentials = "invalid_credentials"
    /// The user has to sign in again at a provider first.
    case reauthenticationRequired = "reauthentication_required"
    /// An operator has disabled the account; told only to who gave the right password.
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
    /// No provider account waits to be linked, or it has waited too long.
    case noPendingConnection = "no_pending_connection"
    /// The path exists but does not take this method.
    case methodNotAllowed = "method_not_allowed"
    /// The body did not arrive in time.
    case requestTimeout = "request_timeout"
    /// Another account has this email.
    case emailTaken = "email_taken"
    /// Without this provider account the user could not sign in any more.
    case lastSignInMethod = "last_sign_in_method"
    /// The body is larger than the server reads.
    case payloadTooLarge = "payload_too_large"
    /// The body is not `application/json`.
    case unsupportedMediaType = "unsupported_media_type"
    /// The body was read, but fields of it break their rules.
    case invalidFields = "invalid_fields"
    /// Too many attempts; `Retry-After` says when to come back.
    case tooManyRequests = "too_many_requests"
    /// A fault of the server.
    case internalError = "internal_error"
    /// Something the server needs is away; `Retry-After` says when to come back.
    case serviceUnavailable = "service_unavailable"
    /// The server has more password checks waiting than it takes; `Retry-After` says when to come back.
    case overloaded

    /// The HTTP status of answers with this code.
    public var status: Int {
        switch self {
        case .malformedRequest: 400
        case .unauthenticated, .invalidCredentials: 401
        case .accountDisabled, .invalidRecoveryCode, .registrationClosed, .crossSiteRequest, .reauthenticationRequired,
            .accessDenied:
            403
        case .notFound, .sessionNotFound, .identityNotFound, .noPendingConnection: 404
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

    /// The short English summary that a problem document carries as its title.
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
        case .noPendingConnection: "Nothing to link"
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

/// The closed list of codes by which the API names what is wrong with one field.
public enum FieldErrorCode: String, Codable, Sendable, CaseIterable {
    /// The field is missing or empty.
    case required
    /// The field holds another JSON type than a string.
    case wrongType = "wrong_type"
    /// The API does not know the field.
    case unknownField = "unknown_field"
    /// Fewer characters than the rule asks for.
    case tooShort = "too_short"
    /// More characters than the rule allows.
    case tooLong = "too_long"
    /// Not an email address.
    case invalidEmail = "invalid_email"
    /// A character that the field does not take.
    case invalidCharacter = "invalid_character"
    /// No upper-case letter.
    case missingUppercase = "missing_uppercase"
    /// No lower-case letter.
    case missingLowercase = "missing_lowercase"
    /// No digit.
    case missingDigit = "missing_digit"
    /// A password that attackers try first.
    case tooCommon = "too_common"
    /// Two fields that must agree do not.
    case mismatch
    /// Somebody else has this value.
    case taken
    /// Not the value that what was begun before belongs to.
    case differs
    /// Not the user's password.
    case incorrect
    /// An address of a domain that cannot create an account.
    case domainNotAllowed = "domain_not_allowed"
    /// An invitation that is wrong, used, expired, or for another address.
    case invalidInvite = "invalid_invite"
    /// None of the values that the field takes.
    case unknownValue = "unknown_value"
}
