import Shared

/// The buttons that start signing in through a provider.
struct ProvidersView: Sendable {
    /// The providers that are set up.
    let providers: Set<OAuthProvider>
    /// Where to go after signing in.
    let returnTo: ReturnPath?
    /// The provider that is to ask which of its accounts is meant.
    var choosing: OAuthProvider?

    /// What the template sees: a link for each provider; nil when none is set up.
    var values: ViewValues? {
        guard !providers.isEmpty else { return nil }
        var values: ViewValues = [:]
        for provider in OAuthProvider.allCases {
            let link = SitePath.signIn(through: provider, returnTo: returnTo, choosing: provider == choosing)
            values[provider.rawValue] = providers.contains(provider) ? link : false
        }
        return values
    }
}
