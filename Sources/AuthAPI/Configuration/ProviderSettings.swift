import Shared

/// How this site is registered with a provider.
struct ProviderSettings: Sendable {
    let clientID: String
    let clientSecret: Secret
    /// For Google the issuer, whose discovery document says the rest; for Discord what its paths start with.
    let address: ProviderAddress

    /// The most characters of an identifier or a secret.
    static let maximumLength = 512
}

extension SettingsReader {
    /// Reads how this site is registered with the providers; one with neither id nor secret is off.
    mutating func providers() -> [OAuthProvider: ProviderSettings] {
        var providers: [OAuthProvider: ProviderSettings] = [:]
        providers[.google] = provider(
            .google,
            id: .googleClientID,
            secret: .googleClientSecret,
            address: .googleIssuer,
            default: "https://accounts.google.com"
        )
        providers[.discord] = provider(
            .discord,
            id: .discordClientID,
            secret: .discordClientSecret,
            address: .discordBaseURL,
            default: "https://discord.com"
        )
        return providers
    }

    private mutating func provider(
        _ provider: OAuthProvider,
        id idName: SettingName,
        secret secretName: SettingName,
        address addressName: SettingName,
        default fallback: String
    ) -> ProviderSettings? {
        let id = printable(text(idName), idName)
        let secret = printable(text(secretName), secretName)
        let address = ProviderAddress(text(addressName, default: fallback))
        if address == nil {
            fault(addressName, "must be an https address without query; http only on this machine (127.0.0.1)")
        }
        if secret != nil, id == nil, !hasFault(idName) {
            fault(
                idName,
                "is required with \(secretName.rawValue); without both, \(provider.displayName) is off"
            )
        }
        if id != nil, secret == nil, !hasFault(secretName) {
            fault(
                secretName,
                "is required with \(idName.rawValue); without both, \(provider.displayName) is off"
            )
        }
        guard let id, let secret, let address else { return nil }
        return ProviderSettings(clientID: id, clientSecret: Secret(secret), address: address)
    }

    /// The value, when it can be sent in a header: visible ASCII (RFC 6749, appendices A.1 and A.2).
    private mutating func printable(_ value: String?, _ name: SettingName) -> String? {
        guard let value else { return nil }
        guard value.utf8.count <= ProviderSettings.maximumLength, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            fault(
                name,
                "must be what the provider gave: up to \(ProviderSettings.maximumLength) visible ASCII characters"
            )
            return nil
        }
        return value
    }
}
