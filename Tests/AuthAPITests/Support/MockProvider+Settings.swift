import Shared

@testable import AuthAPI

extension MockProvider {
    /// The issuer of ID tokens: Google's, or that of a realm.
    func issuer(of provider: OAuthProvider) -> String {
        if provider == .line { return "\(address)/realms/l" }
        guard let index = OAuthProvider.openID.firstIndex(of: provider) else { return address }
        return "\(publicOrigin.value ?? address)/realms/\(Self.realms[index])"
    }

    private static let realms = Array("abcdefghi")

    /// The OpenID provider at a path: Google's or that of a realm.
    static func provider(at path: String) -> OAuthProvider {
        guard path.hasPrefix("/realms/") else { return .google }
        if path.hasPrefix("/realms/l/") { return .line }
        let index = path.dropFirst(8).first.flatMap { realms.firstIndex(of: $0) }
        return index.map { OAuthProvider.openID[$0] } ?? .google
    }

    /// The settings that make this one Google and Discord.
    var environment: [String: String] {
        [
            "GOOGLE_CLIENT_ID": Self.clientID, "GOOGLE_CLIENT_SECRET": Self.clientSecret, "GOOGLE_ISSUER": address,
            "DISCORD_CLIENT_ID": Self.clientID, "DISCORD_CLIENT_SECRET": Self.clientSecret,
            "DISCORD_BASE_URL": address,
        ]
    }

    /// The settings that make this one an OpenID provider, too.
    func environment(of provider: OAuthProvider) -> [String: String] {
        let prefix = provider.rawValue.uppercased()
        guard provider != .line else {
            return [
                "LINE_CLIENT_ID": Self.clientID, "LINE_CLIENT_SECRET": Self.channelSecret,
                "LINE_ISSUER": issuer(of: .line),
            ]
        }
        return [
            "\(prefix)_CLIENT_ID": Self.clientID, "\(prefix)_CLIENT_SECRET": Self.clientSecret,
            "\(prefix)_ISSUER": issuer(of: provider), "\(prefix)_NAME": "Realm \(provider.rawValue)",
        ]
    }
}
