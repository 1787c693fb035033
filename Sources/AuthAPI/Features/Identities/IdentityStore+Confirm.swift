import FoundationEssentials
import PostgresClient
import Shared

extension IdentityStore {
    /// Records that the user signed in again at a provider, which confirms changes in this session for some minutes.
    ///
    /// A recently linked identity does not count, unless the account was created with it: someone with a stolen session
    /// could have linked their own. The link must be older than the lifetime of a session.
    ///
    /// - Parameters:
    ///   - identity: the identity that signed in.
    ///   - visitor: the user and session to confirm.
    ///   - trace: the origin of the request.
    ///   - now: the current time.
    /// - Throws: ``ProviderError`` with `identity_differs`, `identity_too_new` or `sign_in_required`.
    func confirm(
        _ identity: ProviderIdentity,
        for visitor: SignedIn,
        from trace: RequestTrace,
        at now: Date
    ) async throws {
        let user = visitor.user.id
        let sealed = try vault.seal(identity.tokens, for: identity.key)
        try await settlingRaces { db in
            guard try db.first(LockUser(id: user)) != nil else {
                throw ProviderError(.signInRequired, "the user was deleted during the flow")
            }
            guard let linked = try db.first(FindConfirming(key: identity.key, now: now)), linked.user == user else {
                throw ProviderError(.identityDiffers, "the provider account is not linked to the user")
            }
            guard linked.isOldEnough else {
                throw ProviderError(.identityTooNew, "the provider account was linked less than seven days ago")
            }
            _ = try refresh(identity, sealed, of: user, in: db)
            let confirmation = Reauthenticate(
                visitor: visitor,
                key: identity.key,
                time: min(identity.authenticatedAt ?? now, now),
                trace: trace,
                now: now
            )
            guard try db.run(confirmation) > 0 else {
                throw ProviderError(.signInRequired, "the session ended during the flow")
            }
        }
    }
}

extension IdentityStore {
    /// How a user can confirm a change, with the identities that were linked long enough ago.
    ///
    /// - Throws: `unauthenticated` when the session has ended.
    func confirmation(
        of visitor: SignedIn,
        at now: Date
    ) async throws -> (own: OwnCredentials, identities: [ConfirmingIdentity]) {
        try await postgres.withConnection { db in
            guard let own = try db.first(FindOwnCredentials(visitor: visitor)) else { throw APIError(.unauthenticated) }
            return (own, try db.all(FindConfirmingIdentities(user: visitor.user.id, now: now)))
        }
    }

    /// When and how the user of a session can confirm changes; nil when the session has ended.
    func credentials(of visitor: SignedIn) async throws -> OwnCredentials? {
        try await postgres.withConnection { try $0.first(FindOwnCredentials(visitor: visitor)) }
    }
}

/// An identity that was linked long enough ago to confirm a change.
struct ConfirmingIdentity: Sendable {
    let provider: OAuthProvider
    /// The issuer; empty if an earlier version linked it.
    let issuer: String
}
