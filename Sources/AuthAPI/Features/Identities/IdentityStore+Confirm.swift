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
                throw ProviderError(.signInRequired, "the user was deleted while at the provider")
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
                throw ProviderError(.signInRequired, "the session ended while the visitor was at the provider")
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
            guard let own = try db.first(FindOwnCredentials(user: visitor)) else { throw APIError(.unauthenticated) }
            return (own, try db.all(FindConfirmingIdentities(user: visitor.user.id, now: now)))
        }
    }
}

/// An identity that was linked long enough ago to confirm a change.
struct ConfirmingIdentity: Sendable {
    let provider: OAuthProvider
    /// The issuer; empty if an earlier version linked it.
    let issuer: String
}

private struct FindConfirmingIdentities: Statement {
    // The same condition as in the statement below.
    static let sql: StaticString = """
        SELECT provider, issuer FROM oauth_accounts JOIN users ON users.id = user_id
        WHERE user_id = $1
            AND (oauth_accounts.created_at <= users.created_at OR oauth_accounts.created_at <= $2 - interval '7 days')
        ORDER BY oauth_accounts.created_at, provider
        """
    let user: UserID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(user), .timestamp(now)] }

    static func decode(_ row: PostgresRow) throws -> ConfirmingIdentity {
        ConfirmingIdentity(provider: try row.provider(0), issuer: try row.text(1))
    }
}

/// Finds the user of an identity, and whether it was linked long enough ago to confirm anything.
private struct FindConfirming: Statement {
    static let sql: StaticString = """
        SELECT user_id,
            oauth_accounts.created_at <= users.created_at OR oauth_accounts.created_at <= $4 - interval '7 days'
        FROM oauth_accounts JOIN users ON users.id = user_id
        WHERE provider = $1 AND provider_user_id = $2 AND issuer IN ($3, '')
        ORDER BY issuer DESC LIMIT 1
        """
    let key: IdentityKey
    let now: Date
    var parameters: [PostgresValue] { key.parameters + [.timestamp(now)] }
    static func decode(_ row: PostgresRow) throws -> (user: UserID, isOldEnough: Bool) {
        (try row.uuid(0), try row.bool(1))
    }
}

private struct Reauthenticate: Statement {
    static let sql: StaticString = """
        WITH confirmed AS (
            UPDATE sessions SET reauthenticated_at = $3 WHERE id = $1 AND user_id = $2 AND expires_at > $4
            RETURNING id, user_id
        )
        INSERT INTO audit_events (event, user_id, session_id, provider, device_id, address, user_agent, request_id)
        SELECT 'reauthenticated', user_id, id, $5, $6, $7, $8, $9 FROM confirmed
        """
    let visitor: SignedIn
    let key: IdentityKey
    let time: Date
    let trace: RequestTrace
    let now: Date
    var parameters: [PostgresValue] {
        [
            .uuid(visitor.sessionID), .uuid(visitor.user.id), .timestamp(time), .timestamp(now),
            .text(key.provider.rawValue),
        ] + trace.parameters
    }
}
