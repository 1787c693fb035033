import Shared

/// The registration of this site with a provider.
struct ProviderSettings: Sendable {
    let key: OAuthProvider
    let kind: ProviderKind
    /// The name on pages.
    let name: ProviderName
    let clientID: String
    let clientSecret: Secret
    /// The issuer of an OpenID provider; for others, the base address of the provider's paths.
    let address: ProviderURL
    /// The additional settings of an OpenID provider.
    var openID = OpenIDSettings()

    /// The provider's issuer in stored identities.
    var issuer: String {
        switch kind {
        // An issuer is compared exactly (OpenID Connect Discovery 1.0, section 4.3).
        case .google, .line, .oidc: address.description
        case .discord, .github: address.appending("")
        }
    }

    /// Whether ID tokens confirm with `auth_time` that the user signed in again (OpenID Connect Core, section 3.1.2.1).
    var confirmsByAuthTime: Bool {
        switch kind {
        // LINE documents `prompt=login`, `max_age` and `auth_time`.
        case .line, .oidc: true
        // Google sends the time only to verified apps that enable it (Google, "Security bundle", `auth_time`).
        case .google, .discord, .github: false
        }
    }

    /// The environment variable of a setting, with this provider's number if it has one.
    func variable(_ name: SettingName) -> String {
        let index = OAuthProvider.openID.firstIndex(of: key) ?? 0
        return name.variable(number: index + 1)
    }

    /// The minimum length of a secret that signs ID tokens, in characters.
    static let minimumKeyLength = 32
    /// The maximum length of an identifier or a secret, in characters.
    static let maximumLength = 512
    /// The maximum length of the address, in characters; the database has the same limit.
    static let maximumAddressLength = 512
}

extension SettingsReader {
    /// Reads the registrations with all providers; a provider with neither ID nor secret is off.
    mutating func providers() -> ProviderList {
        ProviderList(
            all: [
                provider(
                    .google,
                    .google,
                    id: .googleClientID,
                    secret: .googleClientSecret,
                    address: .googleIssuer,
                    default: "https://accounts.google.com"
                ),
                provider(
                    .discord,
                    .discord,
                    id: .discordClientID,
                    secret: .discordClientSecret,
                    address: .discordBaseURL,
                    default: "https://discord.com"
                ),
                provider(
                    .github,
                    .github,
                    id: .githubClientID,
                    secret: .githubClientSecret,
                    address: .githubURL,
                    default: "https://github.com"
                ),
                line(),
            ].compactMap(\.self) + openIDProviders()
        )
    }

    private mutating func line() -> ProviderSettings? {
        var settings = provider(
            .line,
            .line,
            id: .lineClientID,
            secret: .lineClientSecret,
            address: .lineIssuer,
            default: "https://access.line.me"
        )
        // LINE, "Issue access token", documents only credentials in the form; the discovery document lists no method.
        settings?.openID.authentication = .post
        // RFC 7518, section 3.2: it is the key of HS256.
        if let secret = settings?.clientSecret, secret.value.utf8.count < ProviderSettings.minimumKeyLength {
            fault(.lineClientSecret, "must be the channel secret, which has 32 characters")
        }
        return settings
    }

    private mutating func provider(
        _ key: OAuthProvider,
        _ kind: ProviderKind,
        id idName: SettingName,
        secret secretName: SettingName,
        address addressName: SettingName,
        default fallback: String
    ) -> ProviderSettings? {
        let name = ProviderName(key.standardName ?? key.rawValue)
        let id = printable(idName)
        let secret = printable(secretName)
        let address = providerURL(text(addressName, default: fallback), addressName)
        if secret != nil, id == nil, !hasFault(idName) {
            fault(idName, "is required with \(secretName.rawValue); without both, \(name.en) is off")
        }
        if id != nil, secret == nil, !hasFault(secretName) {
            fault(secretName, "is required with \(idName.rawValue); without both, \(name.en) is off")
        }
        guard let id, let secret, let address else { return nil }
        return ProviderSettings(
            key: key,
            kind: kind,
            name: name,
            clientID: id,
            clientSecret: Secret(secret),
            address: address
        )
    }

    /// The URL of a provider.
    mutating func providerURL(_ text: String, _ name: SettingName) -> ProviderURL? {
        guard let address = ProviderURL(text) else {
            fault(name, "must be an https address without query; http only on this machine (127.0.0.1)")
            return nil
        }
        guard text.utf8.count <= ProviderSettings.maximumAddressLength else {
            fault(name, "may have at most \(ProviderSettings.maximumAddressLength) characters")
            return nil
        }
        return address
    }

    /// The value, if it can be sent in a header: visible ASCII (RFC 6749, appendices A.1 and A.2).
    mutating func printable(_ name: SettingName) -> String? {
        guard let value = text(name) else { return nil }
        if let mark = value.utf8.first, value.utf8.count > 1, mark == value.utf8.last, "\"'".utf8.contains(mark) {
            // `docker run --env-file` and Kubernetes do not remove them, and the provider would reject every sign-in.
            fault(name, "is in quotation marks; remove them")
            return nil
        }
        guard value.utf8.count <= ProviderSettings.maximumLength, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            fault(
                name,
                "must be the provider's value: up to \(ProviderSettings.maximumLength) visible ASCII characters"
            )
            return nil
        }
        return value
    }
}
