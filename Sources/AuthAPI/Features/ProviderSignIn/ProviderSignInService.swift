import FoundationEssentials
import Shared

/// The rules of signing in and linking through a provider.
struct ProviderSignInService: Sendable {
    /// The result of a flow.
    enum Outcome: Sendable {
        case signedIn(OpenedSession)
        /// The provider account is linked to the user who requested it.
        case linked
        /// The user signed in again, which confirms changes from the session.
        case confirmed
        /// The user must first enter the password of the account with the same email.
        case passwordNeeded(PendingLink)
        /// The provider has not verified an address: the user must enter one first.
        case addressNeeded(PendingAddress)
    }

    /// The providers that are set up.
    let provider: @Sendable (OAuthProvider) -> (any IdentityProvider)?
    let store: IdentityStore
    let sessions: SessionService
    let publicURL: WebOrigin
    var now: @Sendable () -> Date = { Date.now }

    /// Starts a flow.
    ///
    /// With `choosesAccount`, the provider asks which account to use; to confirm a change, it asks the user to sign in again.
    ///
    /// - Returns: the flow to remember, and the address at the provider to send the browser to.
    /// - Throws: ``ProviderError``.
    func begin(
        _ name: OAuthProvider,
        for purpose: SignInFlow.Purpose,
        returnTo: ReturnPath?,
        choosesAccount: Bool = false
    ) async throws -> (flow: SignInFlow, address: String) {
        let flow = SignInFlow(name, for: purpose, returnTo: returnTo)
        let address = try await configured(name).authorizationURL(
            for: AuthorizationRequest(
                state: flow.state,
                nonce: flow.nonce,
                codeChallenge: flow.codeChallenge,
                redirectURI: redirectURI(of: name),
                choosesAccount: choosesAccount,
                reauthenticates: purpose.confirmsSince != nil
            )
        )
        return (flow, address)
    }

    /// Rejects linking if the user did not sign in recently.
    ///
    /// Otherwise, someone with a stolen session could link their own account, and keep access after the session has ended
    /// (OWASP Authentication, "Require Re-authentication for Sensitive Features").
    ///
    /// - Throws: ``ProviderError`` with `sign_in_again`.
    func requireRecentSignIn(of visitor: SignedIn) async throws {
        guard try await store.credentials(of: visitor)?.hasSignedInRecently(at: now()) == true else {
            throw ProviderError(.signInAgain, "the user signed in more than ten minutes ago")
        }
    }

    /// Whether the visitor has a linked account of the provider.
    func isLinked(_ name: OAuthProvider, to visitor: SignedIn) async throws -> Bool {
        try await store.methods(of: visitor.user.id).identities.contains { $0.provider == name }
    }

    /// Completes a flow for which the provider sent a code.
    ///
    /// - Parameters:
    ///   - flow: the flow that the browser started.
    ///   - code: the authorization code.
    ///   - issuer: the `iss` of the response, if present (RFC 9207).
    ///   - visitor: the signed-in user; used only by flows that link or confirm.
    ///   - tokens: the tokens of the browser's sessions, which end when another is opened.
    ///   - trace: the origin of the request.
    /// - Returns: the result.
    /// - Throws: ``ProviderError``.
    func finish(
        _ flow: SignInFlow,
        code: Secret,
        issuer: String?,
        visitor: SignedIn?,
        replacing tokens: [Secret],
        trace: RequestTrace
    ) async throws -> Outcome {
        switch flow.purpose {
        case .confirm(let session, _):
            guard let visitor, visitor.sessionID == session else {
                throw ProviderError(.signInRequired, "the flow that confirms a change was started in another session")
            }
            do {
                let identity = try await identity(for: flow, code: code, issuer: issuer)
                try await store.confirm(identity, for: visitor, from: trace, at: now())
            } catch let error as ProviderError where error.failure == .flowExpired {
                // The callback was loaded twice, and the first request used the code.
                guard try await store.credentials(of: visitor)?.isConfirmed(at: now()) == true else { throw error }
            }
            return .confirmed
        case .link(let user):
            guard let visitor, visitor.user.id == user else {
                throw ProviderError(.signInRequired, "the flow that links an account was started by another user")
            }
            do {
                let identity = try await identity(for: flow, code: code, issuer: issuer)
                try await store.link(identity, to: visitor, from: trace, at: now())
            } catch let error as ProviderError where error.failure == .flowExpired {
                // The callback was loaded twice, and the first request used the code.
                guard try await isLinked(flow.provider, to: visitor) else { throw error }
            }
            return .linked
        case .signIn(let invite):
            let identity = try await identity(for: flow, code: code, issuer: issuer)
            do {
                return try await signIn(identity, invite: invite, replacing: tokens, from: trace)
            } catch is UserNotFound {
                // The user was deleted, or the identity disconnected, between two steps; the second attempt finds that.
                return try await signIn(identity, invite: invite, replacing: tokens, from: trace)
            }
        }
    }

    private func signIn(
        _ identity: ProviderIdentity,
        invite: String?,
        replacing tokens: [Secret],
        from trace: RequestTrace
    ) async throws -> Outcome {
        switch try await store.resolve(identity, invite: invite, from: trace, at: now()) {
        case .user(let user, let id):
            let session = try await sessions.open(
                for: user,
                through: identity.provider,
                identity: id,
                replacing: tokens,
                from: trace
            )
            return .signedIn(session)
        case .passwordNeeded(let email): return .passwordNeeded(PendingLink(identity, email: email))
        case .addressNeeded: return .addressNeeded(PendingAddress(identity, invite: invite))
        case .rejected(let rejection): throw rejection.error
        case .notAdmitted(let rejection): throw rejection.providerError
        }
    }

    private func identity(for flow: SignInFlow, code: Secret, issuer: String?) async throws -> ProviderIdentity {
        try await configured(flow.provider).identity(
            for: AuthorizationResponse(
                code: code,
                issuer: issuer,
                verifier: Secret(flow.verifier),
                nonce: Secret(flow.nonce),
                redirectURI: redirectURI(of: flow.provider),
                authenticatedSince: flow.purpose.confirmsSince
            )
        )
    }

    private func configured(_ name: OAuthProvider) throws -> any IdentityProvider {
        guard let provider = provider(name) else {
            throw ProviderError(.providerDisabled, "the provider is not set up")
        }
        return provider
    }

    /// The redirect URI, built from `PUBLIC_URL`, never from a request (CVE-2025-71401).
    private func redirectURI(of name: OAuthProvider) -> String { "\(publicURL)\(APIPath.oauthCallback(name))" }
}
