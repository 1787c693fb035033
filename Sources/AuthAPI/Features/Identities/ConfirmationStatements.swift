import FoundationEssentials
import PostgresClient
import Shared

/// The identities that were linked long enough ago to confirm a change.
struct FindConfirmingIdentities: Statement {
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
struct FindConfirming: Statement {
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

/// Records that the user signed in again, if the session is live.
struct Reauthenticate: Statement {
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
