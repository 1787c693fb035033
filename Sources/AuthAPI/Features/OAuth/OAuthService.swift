import FoundationEssentials
import Logging
import Shared

/// The rules of signing in, and of linking, through a provider.
struct OAuthService: Sendable {
    /// What became of a flow.
    enum Outcome: Sendable {
        case signedIn(OpenedSession)
        /// The provider account is linked to the user who asked for it.
        case linked
        /// The account with the same email must prove itself by its password first.
        case passwordNeeded(PendingConnection)
    }

    /// The providers that are set up.
    let provider: @Sendable (OAuthProvider) -> (any IdentityProvider)?
    let store: IdentityStore
    let sessions: SessionService
    let publicURL: WebOrigin
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }

    /// Begins a flow; with `choosesAccount` the provider asks which of its accounts is meant.
    ///
    /// - Returns: the flow to remember, and the address at the provider to send the browser to.
    /// - Throws: ``FlowError`` or ``ProviderError``.
    func begin(
        _ name: OAuthProvider,
        returnTo: ReturnPath?,
        linkTo account: AccountID?,
        choosesAccount: Bool
    ) async throws -> (flow: OAuthFlow, address: String) {
        let flow = OAuthFlow(name, returnTo: returnTo, linkTo: account)
        let address = try await configured(name).authorizationURL(
            for: AuthorizationRequest(
                state: flow.state,
                nonce: flow.nonce,
                codeChallenge: flow.codeChallenge,
                redirectURI: redirectURI(of: name),
                choosesAccount: choosesAccount
            )
        )
        return (flow, address)
    }

    /// Whether an account of the provider is linked to the visitor.
    func isLinked(_ name: OAuthProvider, to visitor: SignedIn) async throws -> Bool {
        try await store.methods(of: visitor.account.id).identities.contains { $0.provider == name }
    }

    /// Ends a flow for which the provider sent a code.
    ///
    /// - Parameters:
    ///   - flow: what the browser that asks began with.
    ///   - code: the provider's answer.
    ///   - issuer: who the provider says it is, if it does (RFC 9207).
    ///   - visitor: who is signed in; looked at only for flows that link.
    ///   - tokens: those of the browser's sessions, which end when another is opened.
    ///   - origin: from where.
    /// - Returns: what became of it.
    /// - Throws: ``FlowError`` or ``ProviderError``.
    func finish(
        _ flow: OAuthFlow,
        code: Secret,
        issuer: String?,
        visitor: SignedIn?,
        replacing tokens: [Secret],
        origin: Origin
    ) async throws -> Outcome {
        if let account = flow.linkTo {
            guard let visitor, visitor.account.id == account else {
                throw FlowError(.signInRequired, "the user who began to link is not the one signed in")
            }
            let identity = try await identity(for: flow, code: code, issuer: issuer)
            try await store.link(identity, to: visitor, from: origin, at: now())
            return .linked
        }
        let identity = try await identity(for: flow, code: code, issuer: issuer)
        do {
            return try await signIn(identity, replacing: tokens, from: origin)
        } catch let error as PostgresError
            where error.violates("sessions_user_id_fkey") || error.violates("sessions_identity_id_fkey")
        {
            // The account was deleted, or the identity disconnected, between two steps; the second attempt finds that.
            return try await signIn(identity, replacing: tokens, from: origin)
        }
    }

    private func signIn(
        _ identity: ProviderIdentity,
        replacing tokens: [Secret],
        from origin: Origin
    ) async throws -> Outcome {
        switch try await store.resolve(identity, from: origin, at: now()) {
        case .account(let account, let id):
            let session = try await sessions.open(
                for: account,
                through: identity.provider,
                identity: id,
                replacing: tokens,
                from: origin
            )
            return .signedIn(session)
        case .passwordNeeded: return .passwordNeeded(PendingConnection(identity))
        case .refused(let refusal): throw refusal.error
        }
    }

    private func identity(for flow: OAuthFlow, code: Secret, issuer: String?) async throws -> ProviderIdentity {
        let identity = try await configured(flow.provider).identity(
            for: AuthorizationAnswer(
                code: code,
                issuer: issuer,
                verifier: Secret(flow.verifier),
                nonce: Secret(flow.nonce),
                redirectURI: redirectURI(of: flow.provider)
            )
        )
        let tokens = [identity.tokens.accessToken, identity.tokens.refreshToken].compactMap(\.self)
        guard tokens.allSatisfy({ $0.value.utf8.count <= TokenVault.maximumLength }) else {
            throw FlowError(.providerError, "a token of the provider is too long to be stored")
        }
        return identity
    }

    private func configured(_ name: OAuthProvider) throws -> any IdentityProvider {
        guard let provider = provider(name) else { throw FlowError(.providerDisabled, "the provider is not set up") }
        return provider
    }

    /// Where the provider sends the browser back to: made of `PUBLIC_URL`, never of a request (CVE-2025-71401).
    private func redirectURI(of name: OAuthProvider) -> String { "\(publicURL)\(APIPath.oauthCallback(name))" }
}
