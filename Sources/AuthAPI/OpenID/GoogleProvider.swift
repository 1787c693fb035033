import FoundationEssentials
import Logging
import Shared

/// Google, or another OpenID provider in its place (OpenID Connect Core, section 3.1; found by discovery).
struct GoogleProvider: IdentityProvider {
    private static let scope = "openid profile email"
    private static let issuer = "https://accounts.google.com"

    let name = OAuthProvider.google
    private let settings: ProviderSettings
    private let metadata: CachedDocument<ProviderMetadata>
    private let exchange: CodeExchange
    private let verifier: IDTokenVerifier
    /// Whether it is Google itself, or a stand-in on this machine; another provider in Google's place has no say about
    /// Google's domains.
    private let isGoogle: Bool

    /// Makes the provider; nothing is asked before the first flow.
    init(
        _ settings: ProviderSettings,
        client: ProviderClient,
        logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        let issuer = settings.address
        let metadata = CachedDocument("discovery", logger: logger, now: now) { () throws(ProviderError) in
            // OpenID Connect Discovery 1.0, section 4.
            let answer = try await client.get(issuer.appending("/.well-known/openid-configuration"))
            return try ProviderMetadata(answer.decoded(), issuer: issuer)
        }
        let keys = CachedDocument("keys", logger: logger, now: now) { () throws(ProviderError) in
            let address = try await metadata.document().keySetAddress
            return try await SigningKeys(client.get(address.description).decoded())
        }
        self.settings = settings
        isGoogle = issuer.description.utf8.elementsEqual(Self.issuer.utf8) || issuer.isOnThisMachine
        self.metadata = metadata
        exchange = CodeExchange(
            client: client,
            clientID: settings.clientID,
            clientSecret: settings.clientSecret,
            now: now
        )
        verifier = IDTokenVerifier(
            issuers: Self.spellings(of: issuer.description),
            clientID: settings.clientID,
            keys: keys,
            now: now
        )
    }

    func authorizationURL(for request: AuthorizationRequest) async throws(ProviderError) -> String {
        let endpoint = try await metadata.document().authorizationEndpoint
        return request.address(
            at: endpoint.description,
            clientID: settings.clientID,
            scope: Self.scope,
            extra: [(name: "nonce", value: request.nonce)] + Self.prompt(for: request)
        )
    }

    /// OpenID Connect Core, section 3.1.2.1; a `max_age` makes the ID token say when the person signed in.
    private static func prompt(for request: AuthorizationRequest) -> [(name: String, value: String)] {
        if request.reauthenticates { return [(name: "prompt", value: "login"), (name: "max_age", value: "0")] }
        return request.choosesAccount ? [(name: "prompt", value: "select_account")] : []
    }

    func identity(for answer: AuthorizationAnswer) async throws(ProviderError) -> ProviderIdentity {
        let metadata = try await metadata.document()
        try answer.checkIssuer(settings.address.description, isRequired: metadata.namesIssuer)
        let reply = try await exchange.tokens(
            for: answer,
            at: metadata.tokenEndpoint.description,
            authentication: metadata.tokenAuthentication
        )
        guard let idToken = reply.idToken else {
            throw ProviderError(.providerError, "the provider gave no ID token")
        }
        let claims = try await verifier.claims(
            of: idToken,
            expecting: .init(nonce: answer.nonce, accessToken: reply.tokens.accessToken)
        )
        let authenticatedAt = claims.authenticatedAt.map { Date(timeIntervalSince1970: $0) }
        if let since = answer.authenticatedSince { try verifier.check(authenticatedAt, since: since) }
        let email = try EmailAddress.verified(claims.email, isVerified: claims.isEmailVerified)
        return ProviderIdentity(
            provider: .google,
            // The verifier has seen that there is one.
            subject: claims.subject ?? "",
            email: email,
            isEmailAuthority: isGoogle
                && EmailAuthority.isAuthority(.google, for: email, hostedDomain: claims.hostedDomain),
            displayName: claims.name.flatMap { DisplayName(cleaning: $0)?.value },
            avatarURL: Self.picture(claims.picture),
            tokens: reply.tokens,
            authenticatedAt: authenticatedAt
        )
    }

    func revoke(_ token: Secret) async throws(ProviderError) {
        let metadata = try await metadata.document()
        guard let endpoint = metadata.revocationEndpoint else { return }
        try await exchange.revoke(token, at: endpoint.description, authentication: metadata.tokenAuthentication)
    }

    /// How an issuer's ID tokens may spell it: Google's leave the scheme out at times (Google, "OpenID Connect", "An ID
    /// token's payload").
    static func spellings(of issuer: String) -> [String] {
        issuer == Self.issuer ? [issuer, "accounts.google.com"] : [issuer]
    }

    /// The picture, when it is on the host that pages may show pictures from.
    static func picture(_ address: String?) -> String? {
        guard let address, ProviderAddress.isPlain(address),
            let parts = URLComponents(string: address, encodingInvalidCharacters: false), parts.scheme == "https",
            parts.host == "lh3.googleusercontent.com", parts.user == nil, parts.password == nil, parts.port == nil,
            parts.fragment == nil
        else { return nil }
        return address
    }
}
