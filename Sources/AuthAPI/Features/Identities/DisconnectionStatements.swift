import PostgresClient
import Shared

/// The user who disconnected an identity; the latest if there are several.
struct FindDisconnection: Statement {
    static let sql: StaticString = """
        SELECT user_id FROM disconnected_identities
        WHERE provider = $1 AND provider_user_id = $2 AND issuer IN ($3, '')
        ORDER BY created_at DESC, user_id LIMIT 1
        """
    let key: IdentityKey
    var parameters: [PostgresValue] { key.parameters }
    static func decode(_ row: PostgresRow) throws -> UserID { try row.uuid(0) }
}

/// Deletes the record that a user disconnected an identity, because that user connects it again.
struct ForgetDisconnection: Statement {
    static let sql: StaticString = """
        DELETE FROM disconnected_identities
        WHERE provider = $1 AND provider_user_id = $2 AND issuer IN ($3, '') AND user_id = $4
        """
    let key: IdentityKey
    let user: UserID
    var parameters: [PostgresValue] { key.parameters + [.uuid(user)] }
}

/// Records that a disconnected identity was rejected, for its former user or the user with its email address.
struct RecordRejection: Statement {
    static let sql: StaticString = """
        INSERT INTO audit_events (event, user_id, provider, detail, device_id, address, user_agent, request_id)
        VALUES ('sign_in_failed', $1, $2, $3, $4, $5, $6, $7)
        """
    let user: UserID
    let provider: OAuthProvider
    let rejection: LinkingPolicy.Rejection
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [.uuid(user), .text(provider.rawValue), .text(rejection.rawValue)] + trace.parameters
    }
}

/// Locks a user's identity against sign-ins through it.
struct LockOwnIdentity: Statement {
    static let sql: StaticString = "SELECT provider FROM oauth_accounts WHERE id = $1 AND user_id = $2 FOR UPDATE"
    let id: IdentityID
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(id), .uuid(user)] }
    static func decode(_ row: PostgresRow) throws -> OAuthProvider { try row.provider(0) }
}

/// Keeps the requesting session when the identity that opened it is removed.
struct KeepRequestingSession: Statement {
    static let sql: StaticString = "UPDATE sessions SET identity_id = NULL WHERE id = $1 AND identity_id = $2"
    let identity: IdentityID
    let visitor: SignedIn
    var parameters: [PostgresValue] { [.uuid(visitor.sessionID), .uuid(identity)] }
}

/// Ends sessions that an identity opened, except the requesting one, at most ``SessionBatches/size``.
///
/// For sessions without the identifier, the audit trail has the provider; a user has at most one identity of each.
struct EndSessionsThrough: Statement {
    static let sql: StaticString = """
        WITH chosen AS (
            SELECT id FROM sessions
            WHERE user_id = $1 AND id <> $2 AND (identity_id = $3 OR identity_id IS NULL AND id IN (
                SELECT session_id FROM audit_events WHERE user_id = $1 AND event = 'signed_in' AND provider = $4
            )) LIMIT $9 FOR UPDATE
        ), ended AS (
            DELETE FROM sessions USING chosen WHERE sessions.id = chosen.id RETURNING sessions.id, user_id
        )
        INSERT INTO audit_events
            (event, user_id, session_id, provider, detail, device_id, address, user_agent, request_id)
        SELECT 'session_ended', user_id, id, $4, 'provider_unlinked', $5, $6, $7, $8 FROM ended
        """
    let parameters: [PostgresValue]

    init(identity: IdentityID, at provider: OAuthProvider, visitor: SignedIn, trace: RequestTrace) {
        parameters =
            [
                .uuid(visitor.user.id), .uuid(visitor.sessionID), .uuid(identity), .text(provider.rawValue),
            ] + trace.parameters + [.int8(SessionBatches.size)]
    }
}

/// Removes an identity, and records that its user disconnected it.
struct DisconnectIdentity: Statement {
    static let sql: StaticString = """
        WITH unlinked AS (
            DELETE FROM oauth_accounts WHERE id = $1 AND user_id = $2
            RETURNING user_id, provider, provider_user_id, issuer
        ),
        kept AS (
            INSERT INTO disconnected_identities (provider, provider_user_id, user_id, issuer)
            SELECT provider, provider_user_id, user_id, issuer FROM unlinked ON CONFLICT DO NOTHING
        )
        INSERT INTO audit_events (event, user_id, provider, session_id, device_id, address, user_agent, request_id)
        SELECT 'provider_unlinked', user_id, provider, $3, $4, $5, $6, $7 FROM unlinked
        """
    let id: IdentityID
    let visitor: SignedIn
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [.uuid(id), .uuid(visitor.user.id), .uuid(visitor.sessionID)] + trace.parameters
    }
}
