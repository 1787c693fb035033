import Shared

/// How a user confirms a change: with the password, or by signing in again at a provider.
struct ConfirmationView: Sendable {
    /// How the user can confirm, according to the API.
    let body: ConfirmationBody
    /// The enabled providers.
    let providers: Providers
    /// The page to return to.
    let page: String
    /// The failed sign-in at a provider that should have confirmed the change.
    var report: OAuthReport?

    var hasPassword: Bool { body.hasPassword }
    /// Whether the user has recently signed in again.
    var isRecent: Bool { body.reauthenticatedUntil != nil }
    /// Whether the form is shown, because the user can confirm with it or has confirmed already.
    var hasForm: Bool { hasPassword || isRecent }

    /// The values for the template: the buttons of the providers, and the failed sign-in.
    ///
    /// With `isAlternative`, users with a password can also sign in again instead.
    func values(_ texts: Translator, isAlternative: Bool) -> ViewValues {
        var values: ViewValues = [:]
        if !isRecent, !hasPassword || (isAlternative && !body.providers.isEmpty) {
            let text: TextKey = hasPassword ? .reauthenticateInstead : .reauthenticateFirst
            let offer: ViewValues = [
                "divider": hasPassword,
                "text": texts[body.providers.isEmpty ? .reauthenticateNone : text],
                "buttons": body.providers.map { button($0, texts) },
            ]
            values["reauthentication"] = offer
        }
        if let report {
            let failure = OAuthFailureView(report, purpose: .confirm, providers: providers) { _, _ in nil }
            values["oauth_failure"] = failure.values(texts)
        }
        return values
    }

    private func button(_ ticket: ProviderTicketBody, _ texts: Translator) -> ViewValues {
        let name = ["provider": providers.displayName(ticket.provider, texts)]
        return ProviderMark.values(of: providers.kind(of: ticket.provider)).merging([
            "key": ticket.provider.rawValue,
            "link": SitePath.reauthenticating(ticket, page: page),
            "label": texts.text(.reauthenticateWith, name),
        ]) { own, _ in own }
    }
}
