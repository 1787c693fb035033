import FoundationEssentials
import Shared

/// Discord (Discord, "OAuth2" and "User resource"): OAuth 2.0 without ID tokens, so the user is requested with the token.
struct DiscordProvider: IdentityProvider {
    private static let scope = "identify email"

    private let settings: ProviderSettings
    private let client: ProviderClient
    private let exchange: CodeExchange

    /// Creates the provider.
    init(_ settings: ProviderSettings, client: ProviderClient, now: @escaping @Sendable () -> Date) {
        self.settings = settings
        self.client = client
        exchange = CodeExchange(settings: settings, client: client, now: now)
    }

    func authorizationURL(for request: AuthorizationRequest) -> String {
        request.address(
            at: settings.address.appending("/oauth2/authorize"),
            clientID: settings.clientID,
            scope: Self.scope,
            // Discord, "OAuth2": shows the page with the signed-in account, which offers to switch. The password cannot be
            // requested again.
            extra: request.choosesAccount || request.reauthenticates ? [(name: "prompt", value: "consent")] : []
        )
    }

    func identity(for response: AuthorizationResponse) async throws(ProviderError) -> ProviderIdentity {
        try response.checkIssuer(settings.address.description, isRequired: false)
        let reply = try await exchange.tokens(
            for: response,
            at: settings.address.appending("/api/oauth2/token"),
            authentication: .basic
        )
        // Without a version, Discord uses its oldest API (Discord, "API Versioning").
        let user = try await client.get(
            settings.address.appending("/api/v10/users/@me"),
            bearer: reply.tokens.accessToken
        ).decoded(DiscordUser.self)
        // A snowflake: 64 bits in decimal.
        guard (1...20).contains(user.id.utf8.count), user.id.utf8.allSatisfy(Self.isDigit) else {
            throw ProviderError(.providerError, "the provider's response contains no user")
        }
        let email = ReportedEmail(user.email, isVerified: user.verified == true)
        return ProviderIdentity(
            provider: settings.key,
            issuer: settings.issuer,
            subject: user.id,
            email: email.verified,
            unverifiedEmail: email.unverified,
            isEmailAuthority: EmailAuthority.isAuthority(.discord, for: email.verified, hostedDomain: nil),
            displayName: DisplayName.first(of: user.globalName, user.username),
            avatarURL: Self.picture(of: user.id, hash: user.avatar),
            tokens: reply.tokens
        )
    }

    func revoke(_ token: Secret) async throws(ProviderError) {
        // Discord, "Token Revocation": ends all tokens of the authorization.
        try await exchange.revoke(
            token,
            at: settings.address.appending("/api/oauth2/token/revoke"),
            authentication: .basic
        )
    }

    /// The user object, as far as this site reads it.
    ///
    /// The ID must be a string, as Discord documents: a number may have been rounded and then identifies another user. Other
    /// fields of another type count as missing.
    private struct DiscordUser: Decodable {
        let id: String
        @Lenient var username: String?
        @Lenient var globalName: String?
        @Lenient var avatar: String?
        @Lenient var email: String?
        @Lenient var verified: Bool?

        private enum CodingKeys: String, CodingKey {
            case id, username, avatar, email, verified
            case globalName = "global_name"
        }
    }

    /// The picture's address (Discord, "Image Formatting"): a hash that starts with `a_` is that of an animated picture.
    static func picture(of id: String, hash: String?) -> String? {
        guard let hash else { return nil }
        let isAnimated = hash.begins(with: "a_")
        let digits = hash.utf8.dropFirst(isAnimated ? 2 : 0)
        guard (1...64).contains(digits.count), digits.allSatisfy(isHexDigit) else { return nil }
        return "https://cdn.discordapp.com/avatars/\(id)/\(hash).\(isAnimated ? "gif" : "png")?size=128"
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
