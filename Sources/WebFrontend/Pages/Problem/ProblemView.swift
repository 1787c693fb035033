import Shared

/// What an error page shows.
struct ProblemView: PageView {
    static let template = "problem"
    /// What went wrong.
    let code: APIErrorCode
    /// The identifier under which the logs know the request.
    let requestID: String
    /// The status of the answer, where the code has another.
    var status: Int?
    /// Seconds to wait, when that is all there is to do.
    var retryAfter: Int?
    /// Whether the page asks again by itself.
    var reloads = false
    /// Where to try again by hand.
    var retryLink: String?
    /// The cookie that another program has set, when that is what went wrong.
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
        case .notFound, .sessionNotFound, .identityNotFound, .noPendingConnection:
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
