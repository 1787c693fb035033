import Shared

/// The buttons with which a user signs in again at a provider to confirm a change.
struct ReauthenticationView: Sendable {
    /// What the API knows of the user.
    let confirmation: ConfirmationBody
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
        var values: ViewValues = [
            "divider": !isOnlyWay, "google": false, "discord": false,
            "text": texts[confirmation.providers.isEmpty ? .reauthenticateNone : text],
        ]
        for linkable in confirmation.providers {
            values[linkable.provider.rawValue] = SitePath.reauthenticating(linkable, page: page)
        }
        return values
    }
}
