import Shared

/// The buttons that start signing in through a provider.
struct ProvidersView: Sendable {
    /// The enabled providers.
    let providers: Providers
    /// The page to go to after signing in.
    let returnTo: ReturnPath?
    /// The provider that must ask which account to use.
    var choosing: OAuthProvider?

    /// The values for the template: a button for each provider; nil when none is enabled.
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
            : texts.text(.confirmContinue, ["provider": providers.displayName(provider.provider, texts)])
    }
}

/// The mark and colors of a provider, by its kind.
enum ProviderMark {
    /// The values for templates; style names come from the kind, never from a provider.
    static func values(of kind: ProviderKind?) -> ViewValues {
        [
            // A provider of `OIDC_…` has a neutral button.
            "style": kind.map { $0 == .oidc ? "other" : $0.rawValue } ?? "other",
            "is_google": kind == .google,
            "is_discord": kind == .discord,
            "is_github": kind == .github,
            "is_line": kind == .line,
        ]
    }
}
