import Shared

/// The buttons that start signing in through a provider.
struct ProvidersView: Sendable {
    /// The providers that are set up.
    let providers: Set<FrontendSettings.Provider>
    /// Where to go after signing in.
    let returnTo: ReturnPath?

    /// What the template sees; nil when no provider is set up.
    var values: ViewValues? {
        guard !providers.isEmpty else { return nil }
        var values: ViewValues = ["google": false, "discord": false]
        if providers.contains(.google) { values["google"] = SitePath.link(SitePath.google, returnTo: returnTo) }
        if providers.contains(.discord) { values["discord"] = SitePath.link(SitePath.discord, returnTo: returnTo) }
        return values
    }
}
