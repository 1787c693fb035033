import FoundationEssentials
import Shared

/// The account page; every page has the user.
struct AccountView: PageView {
    static let template = "account"
    /// The user's live sessions, as listed by the API.
    let sessions: [SessionBody]
    /// The sign-in methods.
    let identities: IdentitiesView
    /// The total number of sessions, if the API lists fewer.
    var sessionTotal = 0
    /// The application to return to.
    var application: ReturnPath?
    /// The failed flow that should have linked a provider account.
    var report: OAuthReport?
    /// The provider whose account has just been linked.
    var linked: OAuthProvider?

    var hasFailed: Bool { report != nil }

    /// Without the confirmation, so that it is not shown again.
    var location: String? { SitePath.account }

    func title(_ texts: Translator) -> String { texts[.titleAccount] }

    func values(_ texts: Translator) -> ViewValues {
        let shown: [ViewValues] = ordered.map { session in
            [
                "id": session.id,
                "current": session.current,
                "device": DeviceName(userAgent: session.userAgent).text(texts),
                "created_at": session.createdAt.formatted(.iso8601),
                "created_text": texts.moment(session.createdAt),
                "address": session.ipAddress.map { $0 as any Sendable } ?? false,
            ]
        }
        var values: ViewValues = [
            "account_page": true, "sessions": shown, "has_others": sessions.contains { !$0.current }, "cut": false,
            "identities": identities.values(texts),
            "application": application.map { $0.value as any Sendable } ?? false,
        ]
        if sessionTotal > sessions.count {
            values["cut"] = texts.text(.sessionsCut, ["shown": "\(sessions.count)", "total": "\(sessionTotal)"])
        }
        if let report { values["oauth_failure"] = failure(report).values(texts) }
        // Not together with a failure.
        if let linked, report == nil, identities.isLinked(linked) {
            values["notice"] = texts.text(
                .noticeConnected,
                ["provider": identities.providers.displayName(linked, texts)]
            )
        }
        return values
    }

    private func failure(_ report: OAuthReport) -> OAuthFailureView {
        // Linking always asks which account to use.
        OAuthFailureView(report, purpose: .link, providers: identities.providers) { provider, _ in
            let canLink = identities.providers.contains(provider) && !identities.isLinked(provider)
            return canLink ? SitePath.linking(identities.linkTicket(for: provider)) : nil
        }
    }

    /// This device first, then in the order of the API.
    private var ordered: [SessionBody] {
        sessions.filter(\.current) + sessions.filter { !$0.current }
    }
}
