import FoundationEssentials
import Shared

/// GitHub, or GitHub Enterprise Server (GitHub, "Authorizing OAuth apps"): OAuth 2.0 without ID tokens, so the user is
/// requested with the token.
struct GitHubProvider: IdentityProvider {
    private static let scope = "read:user user:email"

    private let settings: ProviderSettings
    private let api: GitHubAPI
    private let client: ProviderClient
    private let exchange: CodeExchange

    init(_ settings: ProviderSettings, client: ProviderClient, now: @escaping @Sendable () -> Date) {
        self.settings = settings
        api = GitHubAPI(settings.address)
        self.client = client
        exchange = CodeExchange(settings: settings, client: client, now: now)
    }

    func authorizationURL(for request: AuthorizationRequest) -> String {
        request.address(
            at: settings.address.appending("/login/oauth/authorize"),
            clientID: settings.clientID,
            scope: Self.scope,
            // Shows the accounts that are signed in there. The password cannot be requested again.
            extra: request.choosesAccount || request.reauthenticates ? [(name: "prompt", value: "select_account")] : []
        )
    }

    func identity(for response: AuthorizationResponse) async throws(ProviderError) -> ProviderIdentity {
        // GitHub's metadata names `<url>/login/oauth` as the issuer (RFC 8414).
        let issuer = settings.address.appending("/login/oauth")
        try response.checkIssuer(
            response.issuer?.isExactly(settings.issuer) == true ? settings.issuer : issuer,
            isRequired: false
        )
        let reply = try await exchange.tokens(
            for: response,
            at: settings.address.appending("/login/oauth/access_token"),
            authentication: .post
        )
        let user = try await client.get(api.user, bearer: reply.tokens.accessToken).decoded(GitHubUser.self)
        guard user.id > 0 else { throw ProviderError(.providerError, "the provider's response contains no user") }
        // A GitHub App may lack the permission for addresses.
        let list = try await client.getIfAllowed(api.emails, bearer: reply.tokens.accessToken)
        let emails = try list?.decoded([GitHubEmail].self)
        let email = GitHubEmail.primary(of: emails ?? [])
        return ProviderIdentity(
            provider: settings.key,
            issuer: settings.issuer,
            subject: String(user.id),
            email: email?.verified,
            unverifiedEmail: email?.unverified,
            isEmailAuthority: EmailAuthority.isAuthority(.github, for: email?.verified, hostedDomain: nil),
            displayName: DisplayName.first(of: user.name, user.login),
            avatarURL: ProviderPicture.address(user.avatarURL, at: "avatars.githubusercontent.com"),
            // A GitHub App may add a refresh token, with which the grant cannot be revoked.
            tokens: ProviderTokens(
                accessToken: reply.tokens.accessToken,
                refreshToken: nil,
                expiresAt: reply.tokens.expiresAt
            )
        )
    }

    /// Ends the grant with all its tokens (GitHub, "Delete an app authorization").
    func revoke(_ token: Secret) async throws(ProviderError) {
        let pair = "\(settings.clientID):\(settings.clientSecret.value)"
        let reply = try await client.delete(
            api.grant(of: settings.clientID),
            json: GrantDeletion(accessToken: token.value),
            authorization: "Basic \(Data(pair.utf8).base64EncodedString())"
        )
        // 404: the token is no longer valid.
        guard reply.status == 204 || reply.status == 404 else { throw reply.failure }
    }
}

/// The body of the request that deletes a grant.
private struct GrantDeletion: Encodable {
    let accessToken: String

    private enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
    }
}

/// The addresses of GitHub's REST API.
struct GitHubAPI: Sendable {
    private let base: String
    private let isServer: Bool

    /// The API of the GitHub at that address: on a separate host, or below `/api/v3` of an Enterprise Server.
    init(_ address: ProviderURL) {
        let site = address.appending("")
        let host = site.dropFirst("https://".count)
        let isHosted = site.begins(with: "https://") && !host.utf8.contains(UInt8(ascii: "/"))
        isServer = !isHosted || !(host.isExactly("github.com") || host.utf8.suffix(8).elementsEqual(".ghe.com".utf8))
        base = isServer ? site + "/api/v3" : "https://api.\(host)"
    }

    var user: String { base + "/user" }
    /// The maximum per page; with the default of 30, the primary address may be on another page.
    var emails: String { base + "/user/emails?per_page=100" }
    /// Responds to everyone; GitHub's own list of addresses would be too long.
    var probe: String { base + (isServer ? "/meta" : "/") }

    func grant(of clientID: String) -> String { "\(base)/applications/\(clientID.percentEncoded)/grant" }
}

/// The authenticated user (GitHub, "Users"), as far as this site reads it.
///
/// The ID must be a whole number. Other fields of another type count as missing.
private struct GitHubUser: Decodable {
    let id: Int64
    @Lenient var login: String?
    @Lenient var name: String?
    @Lenient var avatarURL: String?

    private enum CodingKeys: String, CodingKey {
        case id, login, name
        case avatarURL = "avatar_url"
    }
}

/// An email address of the authenticated user (GitHub, "Emails").
private struct GitHubEmail: Decodable {
    @Lenient var email: String?
    @Lenient var isPrimary: Bool?
    @Lenient var isVerified: Bool?

    private enum CodingKeys: String, CodingKey {
        case email
        case isPrimary = "primary"
        case isVerified = "verified"
    }

    /// The primary address; nil when there is none, or more than one.
    ///
    /// Addresses at `users.noreply.` and the host exist to hide the real one and receive no mail, so they count as none.
    static func primary(of emails: [GitHubEmail]) -> ReportedEmail? {
        let primary = emails.filter { $0.isPrimary == true }
        guard primary.count == 1 else { return nil }
        let reported = ReportedEmail(primary[0].email, isVerified: primary[0].isVerified == true)
        let domain = (reported.verified ?? reported.unverified)?.domain ?? ""
        return domain.begins(with: "users.noreply.") ? nil : reported
    }
}
