import FoundationEssentials
import Logging
import Shared

/// A provider with ID tokens (OpenID Connect Core, section 3.1) and discovery: Google, LINE, and those of `OIDC_…`.
struct OpenIDProvider: IdentityProvider {
    private let settings: ProviderSettings
    private let client: ProviderClient
    private let metadata: CachedDocument<ProviderMetadata>
    private let exchange: CodeExchange
    private let verifier: IDTokenVerifier

    /// Creates the provider; no request is sent before the first flow.
    init(
        _ settings: ProviderSettings,
        client: ProviderClient,
        logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        let metadata = CachedDocument("discovery", logger: logger, now: now) { () throws(ProviderError) in
            try await client.metadata(of: settings)
        }
        let keys = CachedDocument("keys", logger: logger, now: now) { () throws(ProviderError) in
            try await client.signingKeys(at: metadata.document().keySetAddress)
        }
        self.settings = settings
        self.client = client
        self.metadata = metadata
        exchange = CodeExchange(settings: settings, client: client, now: now)
        let issuer = settings.address.description
        verifier = IDTokenVerifier(
            issuers: settings.kind == .google ? GoogleAccount.spellings(of: issuer) : [issuer],
            clientID: settings.clientID,
            signature: settings.kind == .line ? .clientSecret(settings.clientSecret) : .publishedKeys(keys),
            now: now
        )
    }

    func authorizationURL(for request: AuthorizationRequest) async throws(ProviderError) -> String {
        let metadata = try await metadata.document()
        return request.address(
            at: metadata.authorizationEndpoint.description,
            clientID: settings.clientID,
            scope: settings.openID.scope,
            extra: [(name: "nonce", value: request.nonce)] + prompt(for: request, metadata)
        )
    }

    /// OpenID Connect Core, section 3.1.2.1; with `max_age`, the ID token contains the time of the sign-in.
    private func prompt(
        for request: AuthorizationRequest,
        _ metadata: ProviderMetadata
    ) -> [(name: String, value: String)] {
        if request.reauthenticates, settings.confirmsByAuthTime {
            return [(name: "prompt", value: "login"), (name: "max_age", value: "0")]
        }
        guard request.choosesAccount || request.reauthenticates else { return [] }
        // Every provider must support `login` (section 15.1). Google documents only `select_account`, and does not list it.
        let selectsAccount = settings.kind == .google || metadata.selectsAccount
        return [(name: "prompt", value: selectsAccount ? "select_account" : "login")]
    }

    func identity(for response: AuthorizationResponse) async throws(ProviderError) -> ProviderIdentity {
        let metadata = try await metadata.document()
        try response.checkIssuer(settings.address.description, isRequired: metadata.namesIssuer)
        let reply = try await exchange.tokens(
            for: response,
            at: metadata.tokenEndpoint.description,
            authentication: authentication(metadata)
        )
        guard let idToken = reply.idToken else {
            throw ProviderError(.providerError, "the provider gave no ID token")
        }
        let claims = try await verifier.claims(
            of: idToken,
            expecting: .init(nonce: response.nonce, accessToken: reply.tokens.accessToken)
        )
        // Other providers may send the time of an older sign-in; for them, the time of the callback counts.
        let confirmedAt = settings.confirmsByAuthTime ? claims.authenticatedAt : nil
        let authenticatedAt = confirmedAt.map { Date(timeIntervalSince1970: $0) }
        if settings.confirmsByAuthTime, let since = response.authenticatedSince {
            try verifier.check(authenticatedAt, since: since)
        }
        // The verifier has checked that there is a subject.
        let subject = claims.subject ?? ""
        let profile = try await profile(in: claims, of: subject, metadata, accessToken: reply.tokens.accessToken)
        let email = ReportedEmail(
            profile.email,
            // LINE does not state whether it verifies addresses.
            isVerified: settings.kind != .line && profile.isEmailVerified ?? settings.openID.trustsEmail
        )
        let isGoogle = settings.kind == .google
        return ProviderIdentity(
            provider: settings.key,
            issuer: settings.issuer,
            subject: subject,
            email: email.verified,
            unverifiedEmail: email.unverified,
            isEmailAuthority: isGoogle && GoogleAccount.isIssuer(settings.address)
                && EmailAuthority.isAuthority(.google, for: email.verified, hostedDomain: claims.profile.hostedDomain),
            // A userinfo response may lack the name of the ID token.
            displayName: DisplayName.first(of: profile.name, claims.profile.name),
            // Pages may load pictures of Google, Discord and GitHub, but not of other OpenID providers.
            avatarURL: isGoogle ? ProviderPicture.address(profile.picture, at: "lh3.googleusercontent.com") : nil,
            tokens: reply.tokens,
            authenticatedAt: authenticatedAt
        )
    }

    func revoke(_ token: Secret) async throws(ProviderError) {
        let metadata = try await metadata.document()
        guard let endpoint = metadata.revocationEndpoint else { return }
        try await exchange.revoke(token, at: endpoint.description, authentication: authentication(metadata))
    }

    /// The claims of the ID token, or of the userinfo endpoint if the token does not state whether an address is verified
    /// and the endpoint responds with JSON.
    ///
    /// - Throws: ``ProviderError`` when the endpoint responds with another subject (OpenID Connect Core, section 5.3.2).
    private func profile(
        in claims: IDTokenClaims,
        of subject: String,
        _ metadata: ProviderMetadata,
        accessToken: Secret
    ) async throws(ProviderError) -> OpenIDProfile {
        guard lacksEmailClaims(claims.profile), let endpoint = metadata.userInfoEndpoint else { return claims.profile }
        guard let reply = try await client.getIfAllowed(endpoint.description, bearer: accessToken) else {
            return claims.profile
        }
        let profile = try reply.decoded(OpenIDProfile.self)
        guard profile.subject?.isExactly(subject) == true else {
            throw ProviderError(.providerError, "the userinfo response is about another user than the ID token")
        }
        return profile.hasEmail || !claims.profile.hasEmail ? profile : claims.profile
    }

    /// Whether an ID token has no address, or does not state whether it is verified, as Okta's.
    private func lacksEmailClaims(_ profile: OpenIDProfile) -> Bool {
        guard profile.hasEmail else { return true }
        // The statement of LINE does not count, and that of a trusted provider is not needed.
        return profile.isEmailVerified == nil && settings.kind != .line && !settings.openID.trustsEmail
    }

    /// The configured method, or one that the provider accepts: the form for Google, the header first for others.
    private func authentication(_ metadata: ProviderMetadata) throws(ProviderError) -> CodeExchange.Authentication {
        if let authentication = settings.openID.authentication { return authentication }
        let accepted = metadata.tokenAuthentications
        if settings.kind == .google, accepted.contains(.post) { return .post }
        guard let first = accepted.first else {
            throw ProviderError(.providerError, "the provider accepts no client secret (client_secret_basic or _post)")
        }
        return first
    }
}

extension ProviderClient {
    /// Fetches and checks the discovery document of an OpenID provider.
    ///
    /// - Throws: ``ProviderError``.
    func metadata(of settings: ProviderSettings) async throws(ProviderError) -> ProviderMetadata {
        let origin = settings.openID.internalOrigin
        guard let address = ProviderMetadata.address(of: settings.address, through: origin) else {
            throw ProviderError(.providerError, "the address of the discovery document is too long")
        }
        return try await ProviderMetadata(get(address).decoded(), issuer: settings.address, through: origin)
    }

    /// Fetches the keys of an OpenID provider.
    ///
    /// - Throws: ``ProviderError``.
    func signingKeys(at address: ProviderURL) async throws(ProviderError) -> SigningKeys {
        try await SigningKeys(get(address.description).decoded())
    }
}
