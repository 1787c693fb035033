import FoundationEssentials
import PostgresClient
import Shared

/// Changes the user's name; records no event if it is unchanged.
struct UpdateName: Statement {
    static let sql: StaticString = """
        WITH changed AS (UPDATE users SET name = $2 WHERE id = $1 AND name <> $2 RETURNING id)
        INSERT INTO audit_events (event, user_id, session_id, device_id, address, user_agent, request_id)
        SELECT 'name_changed', id, $3, $4, $5, $6, $7 FROM changed
        """
    let visitor: SignedIn
    let name: DisplayName
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [.uuid(visitor.user.id), .text(name.value), .uuid(visitor.sessionID)] + trace.parameters
    }
}

/// Records that a user downloaded their data.
struct RecordDownload: Statement {
    static let sql: StaticString = """
        INSERT INTO audit_events (event, user_id, session_id, device_id, address, user_agent, request_id)
        VALUES ('data_downloaded', $1, $2, $3, $4, $5, $6)
        """
    let visitor: SignedIn
    let trace: RequestTrace
    var parameters: [PostgresValue] { [.uuid(visitor.user.id), .uuid(visitor.sessionID)] + trace.parameters }
}

/// Selects a user's row.
struct FindOwnAccount: Statement {
    static let sql: StaticString = """
        SELECT id, email, name, avatar_url, password_hash IS NOT NULL, email_verified_at, created_at, updated_at
        FROM users WHERE id = $1
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }

    static func decode(_ row: PostgresRow) throws -> OwnData.Account {
        OwnData.Account(
            id: try row.uuid(0).lowercaseText,
            email: try row.text(1),
            name: try row.text(2),
            avatarURL: try row.optionalText(3),
            hasPassword: try row.bool(4),
            emailVerifiedAt: try row.optionalTimestamp(5),
            createdAt: try row.timestamp(6),
            updatedAt: try row.timestamp(7)
        )
    }
}

/// Selects a user's provider accounts, including disconnected ones.
struct FindOwnIdentities: Statement {
    static let sql: StaticString = """
        SELECT provider, provider_user_id, issuer, email, created_at, NULL::timestamptz
        FROM oauth_accounts WHERE user_id = $1
        UNION ALL
        SELECT provider, provider_user_id, issuer, NULL, NULL, created_at
        FROM disconnected_identities WHERE user_id = $1
        ORDER BY 1, 2
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }

    static func decode(_ row: PostgresRow) throws -> OwnData.Identity {
        OwnData.Identity(
            provider: try row.text(0),
            providerUserID: try row.text(1),
            issuer: try row.text(2),
            email: try row.optionalText(3),
            linkedAt: try row.optionalTimestamp(4),
            disconnectedAt: try row.optionalTimestamp(5)
        )
    }
}

/// Selects the newest events of a user.
struct FindOwnEvents: Statement {
    static let sql: StaticString = """
        SELECT occurred_at, event, detail, provider, session_id, address, user_agent
        FROM audit_events WHERE user_id = $1 ORDER BY occurred_at DESC, id DESC LIMIT $2
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user), .int8(OwnData.eventLimit)] }

    static func decode(_ row: PostgresRow) throws -> OwnData.Event {
        OwnData.Event(
            occurredAt: try row.timestamp(0),
            event: try row.text(1),
            detail: try row.optionalText(2),
            provider: try row.optionalText(3),
            sessionID: try row.optionalUUID(4)?.lowercaseText,
            ipAddress: try row.optionalText(5),
            userAgent: try row.optionalText(6)
        )
    }
}

/// Counts the events of a user.
struct CountOwnEvents: Statement {
    static let sql: StaticString = "SELECT count(*) FROM audit_events WHERE user_id = $1"
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
    static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
}
