import Shared

/// The enabled providers, in the order of their buttons.
struct Providers: Sendable, Hashable {
    /// The providers that the API lists.
    let all: [ProviderBody]

    /// No provider.
    static let none = Providers(all: [])

    /// Whether the provider is enabled.
    func contains(_ provider: OAuthProvider) -> Bool { all.contains { $0.provider == provider } }

    /// Whether the provider has a name to show.
    func isKnown(_ provider: OAuthProvider) -> Bool { contains(provider) || provider.standardName != nil }

    /// The provider's kind; nil if it is unknown to this version.
    func kind(of provider: OAuthProvider) -> ProviderKind? {
        all.first { $0.provider == provider }?.kind ?? ProviderKind(exactly: provider.rawValue)
    }

    /// The name of the provider; nil if it is disabled and has no well-known name.
    func name(of provider: OAuthProvider, _ texts: Translator) -> String? {
        all.first { $0.provider == provider }?.name[texts.language] ?? provider.standardName
    }

    /// The name for use in a sentence, with a phrase for an unknown provider.
    func displayName(_ provider: OAuthProvider?, _ texts: Translator) -> String {
        provider.flatMap { name(of: $0, texts) } ?? texts[.oauthProviderUnknown]
    }
}
