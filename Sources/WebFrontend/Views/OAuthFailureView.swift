import Shared

/// The message about a flow that failed, and what the person can do now.
struct OAuthFailureView: Sendable {
    /// What the flow was for.
    enum Purpose: Sendable {
        case signIn, link, confirm
    }

    /// What happened.
    let report: OAuthReport
    /// What the flow was for.
    let purpose: Purpose
    /// The providers that are set up.
    let providers: Providers
    /// Where the flow can be started again; nil where that would not help.
    let retryLink: String?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - report: what happened.
    ///   - purpose: what the flow was for.
    ///   - providers: the providers that are set up.
    ///   - start: the address at which a flow of this purpose starts, where the provider asks which of its accounts is
    ///     meant if so told; nil where none can be started.
    init(
        _ report: OAuthReport,
        purpose: Purpose,
        providers: Providers,
        start: (OAuthProvider, Bool) -> String?
    ) {
        self.report = report
        self.providers = providers
        self.purpose = purpose
        retryLink =
            report.failure.isWorthRetrying(for: purpose)
            ? report.provider.flatMap { start($0, report.failure.needsAnotherAccount) } : nil
    }

    /// What the template sees.
    func values(_ texts: Translator) -> ViewValues {
        let name = ["provider": providers.spoken(report.provider, texts)]
        var values: ViewValues = [
            "heading": texts.text(purpose.heading, name),
            "text": texts.text(report.failure.text, name),
            "retry": false, "error_id": false,
        ]
        let label: TextKey = report.failure.needsAnotherAccount ? .oauthChooseAnother : .oauthRetry
        if let retryLink { values["retry"] = ["link": retryLink, "label": texts.text(label, name)] }
        if let errorID = report.errorID { values["error_id"] = errorID }
        return values
    }
}

extension OAuthFailureView.Purpose {
    fileprivate var heading: TextKey {
        switch self {
        case .signIn: .oauthHeadingSignIn
        case .link: .oauthHeadingLink
        case .confirm: .oauthHeadingConfirm
        }
    }
}

extension OAuthFailure {
    /// Whether a flow for the same purpose may succeed the next time, as it is, with another account, or after something
    /// was put right at the provider.
    fileprivate func isWorthRetrying(for purpose: OAuthFailureView.Purpose) -> Bool {
        switch self {
        case .accessDenied, .flowExpired, .providerUnavailable, .providerError, .emailUnverified,
            .identityDisconnected, .accountExists, .providerAlreadyLinked, .clockSkew,
            .serviceUnavailable, .internalError:
            true
        // Signing in never meets it.
        case .identityTaken: purpose == .link
        case .domainNotAllowed: true
        case .accountDisabled, .registrationClosed, .notInvited, .providerDisabled, .signInRequired, .notFromThisSite,
            .notReauthenticated, .identityDiffers,
            .identityTooNew:
            false
        }
    }

    /// Whether it was the wrong account, so that the provider must not take the same one without asking.
    var needsAnotherAccount: Bool {
        switch self {
        case .emailUnverified, .identityTaken, .identityDisconnected, .accountExists,
            .domainNotAllowed, .providerAlreadyLinked:
            true
        case .accessDenied, .flowExpired, .accountDisabled, .registrationClosed, .notInvited, .providerUnavailable,
            .providerError, .clockSkew, .providerDisabled,
            .signInRequired, .notFromThisSite, .notReauthenticated, .identityDiffers, .identityTooNew,
            .serviceUnavailable, .internalError:
            false
        }
    }

    /// What to say.
    var text: TextKey {
        switch self {
        case .accessDenied: .oauthAccessDenied
        case .flowExpired: .oauthFlowExpired
        case .providerUnavailable: .oauthProviderUnavailable
        case .providerError: .oauthProviderError
        case .emailUnverified: .oauthEmailUnverified
        case .identityTaken: .oauthIdentityTaken
        case .identityDisconnected: .oauthIdentityDisconnected
        case .accountExists: .oauthAccountExists
        case .accountDisabled: .errorAccountDisabled
        case .registrationClosed: .oauthRegistrationClosed
        case .notInvited: .oauthNotInvited
        case .domainNotAllowed: .oauthDomainNotAllowed
        case .providerAlreadyLinked: .oauthProviderAlreadyLinked
        case .clockSkew: .oauthClockSkew
        case .providerDisabled: .oauthProviderDisabled
        case .signInRequired: .oauthSignInRequired
        case .notFromThisSite: .oauthNotFromThisSite
        case .notReauthenticated: .oauthNotReauthenticated
        case .identityDiffers: .oauthIdentityDiffers
        case .identityTooNew: .oauthIdentityTooNew
        case .serviceUnavailable: .oauthServiceUnavailable
        case .internalError: .oauthInternalError
        }
    }
}
