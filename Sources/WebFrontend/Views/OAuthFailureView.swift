import Shared

/// The message about a flow that failed, and what the person can do now.
struct OAuthFailureView: Sendable {
    /// What the flow was for.
    enum Purpose: Sendable {
        case signIn, link
    }

    /// What happened.
    let report: OAuthReport
    /// What the flow was for.
    let purpose: Purpose
    /// Where the flow can be started again; nil where that would not help.
    let retryLink: String?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - report: what happened.
    ///   - purpose: what the flow was for.
    ///   - providers: those that are set up; with any other, trying again is not offered.
    ///   - start: the address at which a flow of this purpose starts.
    init(
        _ report: OAuthReport,
        purpose: Purpose,
        providers: Set<OAuthProvider>,
        start: (OAuthProvider) -> String
    ) {
        self.report = report
        self.purpose = purpose
        retryLink =
            report.failure.isWorthRetrying
            ? report.provider.flatMap { providers.contains($0) ? start($0) : nil } : nil
    }

    /// What the template sees.
    func values(_ texts: Translator) -> ViewValues {
        let name = ["provider": report.provider?.displayName ?? texts[.oauthProviderUnknown]]
        var values: ViewValues = [
            "heading": texts.text(purpose == .signIn ? .oauthHeadingSignIn : .oauthHeadingLink, name),
            "text": texts.text(report.failure.text, name),
            "retry": false, "error_id": false,
        ]
        if let retryLink { values["retry"] = ["link": retryLink, "label": texts.text(.oauthRetry, name)] }
        if let errorID = report.errorID { values["error_id"] = errorID }
        return values
    }
}

extension OAuthFailure {
    /// Whether the same flow may succeed the next time, as it is or after something was put right at the provider.
    fileprivate var isWorthRetrying: Bool {
        switch self {
        case .accessDenied, .flowExpired, .providerUnavailable, .providerError, .emailMissing, .emailUnverified,
            .clockSkew, .serviceUnavailable, .internalError:
            true
        case .identityTaken, .providerAlreadyLinked, .providerDisabled, .signInRequired, .notFromThisSite: false
        }
    }

    /// What to say.
    var text: TextKey {
        switch self {
        case .accessDenied: .oauthAccessDenied
        case .flowExpired: .oauthFlowExpired
        case .providerUnavailable: .oauthProviderUnavailable
        case .providerError: .oauthProviderError
        case .emailMissing: .oauthEmailMissing
        case .emailUnverified: .oauthEmailUnverified
        case .identityTaken: .oauthIdentityTaken
        case .providerAlreadyLinked: .oauthProviderAlreadyLinked
        case .clockSkew: .oauthClockSkew
        case .providerDisabled: .oauthProviderDisabled
        case .signInRequired: .oauthSignInRequired
        case .notFromThisSite: .oauthNotFromThisSite
        case .serviceUnavailable: .oauthServiceUnavailable
        case .internalError: .oauthInternalError
        }
    }
}
