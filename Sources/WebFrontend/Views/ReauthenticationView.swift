import Shared

/// The buttons with which a user signs in again at a provider to confirm a change.
struct ReauthenticationView: Sendable {
    /// How the user can confirm, according to the API.
    let confirmation: ConfirmationBody
    /// The enabled providers.
    let providers: Providers
    /// The page to return to.
    let page: String

    /// Whether the user has recently signed in again.
    var isRecent: Bool { confirmation.reauthenticatedUntil != nil }

    /// The values for the template.
    ///
    /// - Parameters:
    ///   - texts: the language.
    ///   - isOnlyWay: whether the password is not an alternative.
    /// - Returns: nil when there is nothing to offer.
    func values(_ texts: Translator, isOnlyWay: Bool) -> ViewValues? {
        if isRecent || (confirmation.providers.isEmpty && !isOnlyWay) { return nil }
        let text: TextKey = isOnlyWay ? .reauthenticateFirst : .reauthenticateInstead
        return [
            "divider": !isOnlyWay,
            "text": texts[confirmation.providers.isEmpty ? .reauthenticateNone : text],
            "buttons": confirmation.providers.map { button($0, texts) },
        ]
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
