import Shared

/// The buttons that start signing in through a provider.
struct ProvidersView: Sendable {
    /// The providers that are set up.
    let providers: Providers
    /// Where to go after signing in.
    let returnTo: ReturnPath?
    /// The provider that is to ask which of its accounts is meant.
    var choosing: OAuthProvider?

    /// What the template sees: a button for each provider; nil when none is set up.
    func values(_ texts: Translator) -> ViewValues? {
        guard !providers.all.isEmpty else { return nil }
        let buttons: [ViewValues] = providers.all.map { provider in
            let key = provider.provider
            return ProviderMark.values(of: provider.kind).merging([
                "key": key.rawValue,
                "link": SitePath.signIn(through: key, returnTo: returnTo, choosing: key == choosing),
                "label": Self.label(of: provider, providers, texts),
            ]) { own, _ in own }
        }
        return ["buttons": buttons]
    }

    /// The text of a button; LINE recommends its own (LINE, "LINE Login button design guidelines").
    private static func label(of provider: ProviderBody, _ providers: Providers, _ texts: Translator) -> String {
        provider.kind == .line
            ? texts[.continueLINE]
            : texts.text(.confirmContinue, ["provider": providers.spoken(provider.provider, texts)])
    }
}

/// The mark and colours of a provider, by its kind.
enum ProviderMark {
    /// The values for templates; style names come from the kind, never from a provider.
    static func values(of kind: ProviderKind?) -> ViewValues {
        [
            // A provider that only settings describe has a neutral button.
            "style": kind.map { $0 == .oidc ? "other" : $0.rawValue } ?? "other",
            "is_google": kind == .google,
            "is_discord": kind == .discord,
            "is_github": kind == .github,
            "is_line": kind == .line,
        ]
    }
}
