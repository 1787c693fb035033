import Shared

/// The message about a failed flow, and what the user can do next.
struct OAuthFailureView: Sendable {
    /// The purpose of the flow.
    enum Purpose: Sendable {
        case signIn, link, confirm
    }

    /// The failure.
    let report: OAuthReport
    /// The purpose of the flow.
    let purpose: Purpose
    /// The enabled providers.
    let providers: Providers
    /// The address to restart the flow; nil if that would not help.
    let retryLink: String?

    /// Creates a message.
    ///
    /// - Parameters:
    ///   - report: the failure.
    ///   - purpose: the purpose of the flow.
    ///   - providers: the enabled providers.
    ///   - start: the address that starts a flow with this purpose, optionally asking which account to use; nil if none can
    ///     be started.
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

    /// The values for the template.
    func values(_ texts: Translator) -> ViewValues {
        let name = ["provider": providers.displayName(report.provider, texts)]
        var values: ViewValues = [
            "heading": texts.text(report.failure == .signInAgain ? .titleConnect : purpose.heading, name),
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
    /// Whether another attempt may succeed, unchanged, with another account, or after a fix at the provider.
    fileprivate func isWorthRetrying(for purpose: OAuthFailureView.Purpose) -> Bool {
        switch self {
        case .accessDenied, .flowExpired, .providerUnavailable, .providerError, .emailUnverified,
            .identityDisconnected, .accountExists, .domainNotAllowed, .providerAlreadyLinked, .clockSkew,
            .serviceUnavailable, .internalError:
            true
        // Does not occur when signing in.
        case .identityTaken: purpose == .link
        case .accountDisabled, .registrationClosed, .notInvited, .providerDisabled, .signInRequired, .signInAgain,
            .notFromThisSite, .notReauthenticated, .identityDiffers, .identityTooNew:
            false
        }
    }

    /// Whether the wrong account was used, so that the provider must ask which account to use.
    var needsAnotherAccount: Bool {
        switch self {
        case .emailUnverified, .identityTaken, .identityDisconnected, .accountExists, .accountDisabled,
            .domainNotAllowed, .notInvited, .providerAlreadyLinked, .registrationClosed:
            true
        case .accessDenied, .flowExpired, .providerUnavailable, .providerError, .clockSkew, .providerDisabled,
            .signInRequired, .signInAgain, .notFromThisSite, .notReauthenticated, .identityDiffers, .identityTooNew,
            .serviceUnavailable, .internalError:
            false
        }
    }

    /// The message.
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
        case .signInAgain: .oauthSignInAgain
        case .notFromThisSite: .oauthNotFromThisSite
        case .notReauthenticated: .oauthNotReauthenticated
        case .identityDiffers: .oauthIdentityDiffers
        case .identityTooNew: .oauthIdentityTooNew
        case .serviceUnavailable: .oauthServiceUnavailable
        case .internalError: .oauthInternalError
        }
    }
}
