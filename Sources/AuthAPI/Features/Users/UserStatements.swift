import PostgresClient

extension User {
    /// Decodes the columns `id, email, name, avatar_url`, starting at the given one.
    init(_ row: PostgresRow, from column: Int) throws {
        self.init(
            id: try row.uuid(column),
            email: try row.text(column + 1),
            name: try row.text(column + 2),
            avatarURL: try row.optionalText(column + 3)
        )
    }
}

/// Stores an account, or nothing if the email address is taken: an error would write the address to the server's log.
struct InsertUser: Statement {
    static let sql: StaticString = """
        WITH made AS (
            INSERT INTO users (id, email, name, avatar_url, password_hash) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (lower(email)) DO NOTHING RETURNING id
        )
        INSERT INTO audit_events (event, user_id, device_id, address, user_agent, request_id)
        SELECT $6, id, $7, $8, $9, $10 FROM made
        """
    let user: User
    let passwordHash: String
    let event: AuditEventKind
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [
            .uuid(user.id), .text(user.email), .text(user.name), .text(orNull: user.avatarURL),
            .text(passwordHash), .text(event.rawValue),
        ] + trace.parameters
    }
}

struct FindEmail: Statement {
    static let sql: StaticString = "SELECT email FROM users WHERE id = $1"
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
    static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
}

struct FindGrants: Statement {
    static let sql: StaticString = """
        SELECT provider, issuer, provider_user_id, access_token, refresh_token, key_version
        FROM oauth_accounts WHERE user_id = $1 FOR UPDATE
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }

    static func decode(_ row: PostgresRow) throws -> ProviderGrant {
        ProviderGrant(
            key: IdentityKey(provider: try row.provider(0), issuer: try row.text(1), subject: try row.text(2)),
            accessToken: try row.optionalBytes(3),
            refreshToken: try row.optionalBytes(4),
            version: try row.int4(5)
        )
    }
}

struct DeleteUser: Statement {
    static let sql: StaticString = """
        WITH gone AS (DELETE FROM users WHERE id = $1 RETURNING id)
        INSERT INTO audit_events
            (event, user_id, subject, detail, session_id, device_id, address, user_agent, request_id)
        SELECT 'user_deleted', id, $2, $3, $4, $5, $6, $7, $8 FROM gone
        """
    let request: UserDeletionRequest
    let subject: ThrottleKey?
    var parameters: [PostgresValue] {
        [
            .uuid(request.user), .bytes(orNull: subject?.bytes), .text(orNull: request.visitor.map { _ in "by_owner" }),
            .uuid(orNull: request.visitor?.sessionID),
        ] + request.trace.parameters
    }
}
