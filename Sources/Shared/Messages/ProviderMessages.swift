/// The key of a provider: in paths, in messages and in the database.
public struct OAuthProvider: RawRepresentable, Hashable, Codable, Sendable {
    /// The maximum length of a key in characters.
    public static let maximumLength = 32

    /// Names with another meaning below `/api/auth/`.
    public static let reserved: Set<String> = [  // bounded: asked for keys of at most 32 bytes
        "account", "address", "callback", "check", "confirm", "confirmation", "connect", "data", "delete", "entered",
        "entry",
        "identities", "invite", "login", "logout", "me", "name", "password", "providers", "reauthenticate", "recover",
        "register", "sessions",
        "token", "user", "users", "verify",
    ]

    /// The text of the key.
    public let rawValue: String

    /// Accepts a text from outside, as `init(rawValue:)`.
    public init?(exactly text: String) { self.init(rawValue: text) }  // bounded: the length is checked first

    /// Accepts a letter followed by up to 31 letters, digits and underscores in lower-case ASCII, except reserved names.
    public init?(rawValue: String) {  // bounded: the length is checked first
        let bytes = rawValue.utf8
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        guard (1...Self.maximumLength).contains(bytes.count), bytes.first.map(isLetter) == true,
            bytes.allSatisfy({
                isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
            }),
            !Self.reserved.contains(rawValue)
        else { return nil }
        self.rawValue = rawValue
    }

    private init(known: String) { rawValue = known }

    /// Google.
    public static let google = OAuthProvider(known: "google")
    /// Discord.
    public static let discord = OAuthProvider(known: "discord")
    /// GitHub.
    public static let github = OAuthProvider(known: "github")

    /// LINE.
    public static let line = OAuthProvider(known: "line")

    /// Every possible key, in the order in which pages show the providers.
    public static let settable: [OAuthProvider] = [google, discord, github, line] + openID

    /// The OpenID providers that settings describe completely: `oidc`, `oidc_2` and so on.
    public static let openID: [OAuthProvider] = SettingName.oidcIssuer.numbers.map {
        OAuthProvider(known: $0 == 1 ? "oidc" : "oidc_\($0)")
    }

    /// The well-known name of the provider; nil if the name is a setting.
    public var standardName: String? {
        switch self {
        case .google: "Google"
        case .discord: "Discord"
        case .github: "GitHub"
        case .line: "LINE"
        default: nil
        }
    }

    /// The name to show where the settings are unknown: the well-known name, or the key.
    public var shownName: String { standardName ?? rawValue }
}

/// The kind of a provider: its protocol, and the look of its button.
public enum ProviderKind: String, Codable, Sendable, CaseIterable {
    /// Google.
    case google
    /// Discord.
    case discord
    /// GitHub.
    case github
    /// LINE.
    case line
    /// Any OpenID provider.
    case oidc
}

/// A provider's name in each language of the site.
public struct ProviderName: Codable, Sendable, Hashable {
    /// The name on English pages.
    public let en: String
    /// The name on Japanese pages.
    public let ja: String

    /// Creates a name; without `ja`, it is the same in both languages.
    public init(_ en: String, ja: String? = nil) {
        self.en = en
        self.ja = ja ?? en
    }

    /// The name on pages of a language.
    public subscript(language: SiteLanguage) -> String {
        switch language {
        case .english: en
        case .japanese: ja
        }
    }
}

/// An enabled provider.
public struct ProviderBody: Codable, Sendable, Hashable {
    /// Its key.
    public let provider: OAuthProvider
    /// Its kind; nil for one that is unknown to this version, whose button is plain.
    public let kind: ProviderKind?
    /// The name on pages.
    public let name: ProviderName

    /// Creates a body.
    public init(provider: OAuthProvider, kind: ProviderKind?, name: ProviderName) {
        self.provider = provider
        self.kind = kind
        self.name = name
    }

    /// Decodes a body; a later version may add kinds.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        provider = try container.decode(OAuthProvider.self, forKey: .provider)
        kind = try container.decodeIfPresent(String.self, forKey: .kind).flatMap(ProviderKind.init(exactly:))
        name = try container.decode(ProviderName.self, forKey: .name)
    }
}

/// The response of `GET /api/auth/providers`: the enabled providers, in the order of their buttons.
public struct ProviderListBody: Codable, Sendable, Equatable {
    /// The providers.
    public let providers: [ProviderBody]

    /// Creates a list.
    public init(providers: [ProviderBody]) { self.providers = providers }
}
