import Shared

/// The buttons with which a user signs in again at a provider to confirm a change.
struct ReauthenticationView: Sendable {
    /// What the API knows of the user.
    let confirmation: ConfirmationBody
    /// The providers that are set up.
    let providers: Providers
    /// The page to come back to.
    let page: String

    /// Whether the user did so lately.
    var isRecent: Bool { confirmation.reauthenticatedUntil != nil }

    /// What the template sees.
    ///
    /// - Parameters:
    ///   - texts: the language.
    ///   - isOnlyWay: whether the password would not do as well.
    /// - Returns: nil where there is nothing to offer.
    func values(_ texts: Translator, isOnlyWay: Bool) -> ViewValues? {
        if isRecent || (confirmation.providers.isEmpty && !isOnlyWay) { return nil }
        let text: TextKey = isOnlyWay ? .reauthenticateFirst : .reauthenticateInstead
        return [
            "divider": !isOnlyWay,
            "text": texts[confirmation.providers.isEmpty ? .reauthenticateNone : text],
            "buttons": confirmation.providers.map { button($0, texts) },
        ]
    }

    private func button(_ linkable: LinkableBody, _ texts: Translator) -> ViewValues {
        let name = ["provider": providers.spoken(linkable.provider, texts)]
        return ProviderMark.values(of: providers.kind(of: linkable.provider)).merging([
            "key": linkable.provider.rawValue,
            "link": SitePath.reauthenticating(linkable, page: page),
            "label": texts.text(.reauthenticateWith, name),
        ]) { own, _ in own }
    }
}
