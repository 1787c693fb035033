import FoundationEssentials
import PostgresClient

/// Stores the code of a user, which replaces any previous one, with its event; no row when the user has changed since
/// the operator confirmed.
struct InsertRecovery: Statement {
    static let sql: StaticString = """
        WITH made AS (
            INSERT INTO password_recoveries (user_id, code_hash, keeps_providers, created_at, expires_at)
            SELECT id, $3, $4, now(), now() + $5 * interval '1 second' FROM users
            WHERE id = $1 AND email = $2 AND disabled_at IS NULL
            ON CONFLICT (user_id) DO UPDATE SET code_hash = excluded.code_hash,
                keeps_providers = excluded.keeps_providers, created_at = excluded.created_at,
                expires_at = excluded.expires_at
            RETURNING user_id, expires_at
        ),
        noted AS (INSERT INTO audit_events (event, user_id) SELECT 'recovery_created', user_id FROM made)
        SELECT expires_at FROM made
        """
    let recovery: NewRecovery
    var parameters: [PostgresValue] {
        [
            .uuid(recovery.user), .text(recovery.email), .bytes(recovery.hash), .bool(recovery.keepsProviders),
            .int8(recovery.lifetime),
        ]
    }
    static func decode(_ row: PostgresRow) throws -> Date { try row.timestamp(0) }
}

/// Finds the user of a live code.
struct FindRecovery: ReadStatement {
    static let sql: StaticString = """
        SELECT users.id, email, name, avatar_url, code_hash, keeps_providers,
            (SELECT count(*) FROM (SELECT FROM sessions WHERE user_id = users.id LIMIT $3) AS listed)
        FROM password_recoveries JOIN users ON users.id = user_id
        WHERE code_hash IN ($1, $2) AND password_recoveries.expires_at > now() AND disabled_at IS NULL
        """
    let current: [UInt8]
    let previous: [UInt8]?
    var parameters: [PostgresValue] {
        [.bytes(current), .bytes(orNull: previous), .int8(SessionBatches.size + 1)]
    }

    static func decode(_ row: PostgresRow) throws -> Recovery {
        Recovery(
            user: try User(row, from: 0),
            hash: try row.bytes(4),
            keepsProviders: try row.bool(5),
            hasManySessions: try row.int8(6) > SessionBatches.size
        )
    }
}

/// Consumes a code; changes no row when it is no longer live.
struct UseRecovery: Statement {
    static let sql: StaticString = """
        DELETE FROM password_recoveries WHERE user_id = $1 AND code_hash = $2 AND expires_at > now()
        """
    let user: UserID
    let hash: [UInt8]
    var parameters: [PostgresValue] { [.uuid(user), .bytes(hash)] }
}

/// Disconnects every provider account of a user, because someone who registered the email address before its owner may
/// have linked theirs.
struct UnlinkProviders: Statement {
    static let sql: StaticString = """
        WITH unlinked AS (
            DELETE FROM oauth_accounts WHERE user_id = $1 RETURNING user_id, provider, provider_user_id, issuer
        ),
        kept AS (
            INSERT INTO disconnected_identities (provider, provider_user_id, user_id, issuer)
            SELECT provider, provider_user_id, user_id, issuer FROM unlinked ON CONFLICT DO NOTHING
        )
        INSERT INTO audit_events (event, user_id, provider, detail, device_id, address, user_agent, request_id)
        SELECT 'provider_unlinked', user_id, provider, 'by_recovery', $2, $3, $4, $5 FROM unlinked
        """
    let user: UserID
    let trace: RequestTrace
    var parameters: [PostgresValue] { [.uuid(user)] + trace.parameters }
}

/// Clears the rate limit of an account.
struct ClearLimit: Statement {
    static let sql: StaticString = "DELETE FROM throttles WHERE key = $1"
    let key: ThrottleKey
    var parameters: [PostgresValue] { [.bytes(key.bytes)] }
}
