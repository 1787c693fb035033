import Shared

/// An error page.
struct ProblemView: PageView {
    static let template = "problem"
    /// The error code.
    let code: APIErrorCode
    /// The request ID.
    let requestID: String
    /// The status of the response, if it differs from that of the code.
    var status: Int?
    /// The delay before a retry in seconds, if waiting helps.
    var retryAfter: Int?
    /// Whether the page reloads itself.
    var reloads = false
    /// The link to retry.
    var retryLink: String?
    /// The page with the rejected form, so that a reload does not send the form again.
    var location: String?
    /// The name of the conflicting cookie of another program, if that is the problem.
    var foreignCookie: String?

    var hasFailed: Bool { true }

    func title(_ texts: Translator) -> String { texts[words.title] }

    func values(_ texts: Translator) -> ViewValues {
        let plain: ViewValues = ["before": texts[words.text], "cookie": false, "after": ""]
        var values: ViewValues = [
            "status": status ?? code.status, "text": plain, "request_id": requestID, "wait": false, "retry": false,
        ]
        if let retryAfter { values["wait"] = texts.wait(seconds: retryAfter) }
        if reloads { values["wait"] = texts[.problemUnavailableReload] }
        if let retryLink { values["retry"] = retryLink }
        if let foreignCookie {
            let parts = texts.parts(.problemForeignCookieText, around: "cookie")
            values["text"] = ["before": parts.before, "cookie": foreignCookie, "after": parts.after]
        }
        return values
    }

    private var words: (title: TextKey, text: TextKey) {
        if foreignCookie != nil { return (.problemForeignCookieTitle, .problemForeignCookieText) }
        return switch code {
        case .malformedRequest, .invalidFields, .emailTaken, .unauthenticated, .invalidCredentials, .lastSignInMethod,
            .reauthenticationRequired, .accessDenied, .accountDisabled, .invalidRecoveryCode, .registrationClosed:
            (.problemBadRequestTitle, .problemBadRequestText)
        case .crossSiteRequest: (.problemCrossSiteTitle, .problemCrossSiteText)
        case .notFound, .sessionNotFound, .identityNotFound, .noPendingLink:
            (.problemNotFoundTitle, .problemNotFoundText)
        case .methodNotAllowed: (.problemMethodTitle, .problemMethodText)
        case .requestTimeout: (.problemTimeoutTitle, .problemTimeoutText)
        case .payloadTooLarge: (.problemTooLargeTitle, .problemTooLargeText)
        case .unsupportedMediaType: (.problemMediaTypeTitle, .problemMediaTypeText)
        case .tooManyRequests: (.problemTooManyTitle, .problemTooManyText)
        case .internalError: (.problemInternalTitle, .problemInternalText)
        case .serviceUnavailable, .overloaded: (.problemUnavailableTitle, .problemUnavailableText)
        }
    }
}
