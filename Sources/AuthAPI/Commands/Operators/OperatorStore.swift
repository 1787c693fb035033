import FoundationEssentials
import PostgresClient
import Shared

/// Access to all users and sessions.
struct OperatorStore: Sendable {
    let postgres: PostgresPool

    /// Users, newest first; with `search`, those whose email address or name contains it, ignoring case.
    ///
    /// - Returns: nil when the row to continue after does not exist.
    func users(_ page: PageRequest, search: String? = nil, at now: Date = .now) async throws -> [UserRecord]? {
        try await postgres.withConnection { db in
            if let last = page.after, try db.first(FindRecord(reference: .id(last), now: now)) == nil { return nil }
            return try db.all(FindRecords(page: page, search: search, now: now))
        }
    }

    /// One user; nil when there is none.
    func user(_ reference: UserReference, at now: Date = .now) async throws -> UserRecord? {
        try await postgres.reading { try $0.first(FindRecord(reference: reference, now: now)) }
    }

    /// Ends every live session of a user.
    ///
    /// - Returns: their number; nil when there is no such user.
    func endSessions(of reference: UserReference, at now: Date = .now) async throws -> Int? {
        guard let user = try await postgres.reading({ try $0.first(FindAccountID(reference: reference)) })
        else { return nil }
        let all = SessionSelection(user: user, reason: .operator)
        return try await SessionBatches(postgres: postgres).end(all, from: .operator, at: now)
    }

    /// Live sessions, newest first.
    ///
    /// - Returns: nil when the row to continue after does not exist.
    func sessions(
        _ page: PageRequest,
        of reference: UserReference? = nil,
        at now: Date = .now
    ) async throws -> [SessionRecord]? {
        try await postgres.withConnection { db in
            if let last = page.after, try db.first(FindSessionRow(id: last)) == nil { return nil }
            return try db.all(FindSessionRecords(page: page, reference: reference, now: now))
        }
    }

    /// Ends one session.
    ///
    /// - Returns: whether there was such a live session.
    func endSession(_ session: SessionID, at now: Date = .now) async throws -> Bool {
        try await postgres.withConnection { try $0.run(EndAnySession(session: session, now: now)) } > 0
    }
}

extension UserReference {
    /// The ID and the email address, one of which is NULL.
    fileprivate var parameters: [PostgresValue] {
        switch self {
        case .id(let id): [.uuid(id), .nullText]
        case .email(let email): [.nullUUID, .text(email.value)]
        }
    }
}

extension UserRecord {
    /// Decodes the columns of the two statements below.
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try row.uuid(0),
            email: try row.text(1),
            name: try row.text(2),
            hasPassword: try row.bool(3),
            providers: try row.text(4).split(separator: ",").map(String.init),
            emailVerifiedAt: try row.optionalTimestamp(5),
            disabledAt: try row.optionalTimestamp(9),
            createdAt: try row.timestamp(6),
            updatedAt: try row.timestamp(7),
            sessions: try row.int8(8)
        )
    }
}

private struct FindRecords: Statement {
    static let sql: StaticString = """
        SELECT id, email, name, password_hash IS NOT NULL,
            coalesce((SELECT string_agg(provider, ',' ORDER BY provider) FROM oauth_accounts WHERE user_id = users.id), ''),
            email_verified_at, created_at, updated_at,
            (SELECT count(*) FROM sessions WHERE user_id = users.id AND expires_at > $1), disabled_at
        FROM users
        WHERE ($2 IS NULL OR strpos(lower(email), lower($2)) > 0 OR strpos(lower(name), lower($2)) > 0)
            AND ($3 IS NULL OR (created_at, id) < (SELECT last.created_at, last.id FROM users AS last WHERE last.id = $3))
        ORDER BY created_at DESC, id DESC LIMIT $4
        """
    let page: PageRequest
    let search: String?
    let now: Date
    var parameters: [PostgresValue] {
        [.timestamp(now), .text(orNull: search), .uuid(orNull: page.after), .int8(page.limit)]
    }
    static func decode(_ row: PostgresRow) throws -> UserRecord { try UserRecord(row) }
}

private struct FindRecord: ReadStatement {
    static let sql: StaticString = """
        SELECT id, email, name, password_hash IS NOT NULL,
            coalesce((SELECT string_agg(provider, ',' ORDER BY provider) FROM oauth_accounts WHERE user_id = users.id), ''),
            email_verified_at, created_at, updated_at,
            (SELECT count(*) FROM sessions WHERE user_id = users.id AND expires_at > $1), disabled_at
        FROM users WHERE id = $2 OR lower(email) = $3
        """
    let reference: UserReference
    let now: Date
    var parameters: [PostgresValue] { [.timestamp(now)] + reference.parameters }
    static func decode(_ row: PostgresRow) throws -> UserRecord { try UserRecord(row) }
}

private struct FindAccountID: ReadStatement {
    static let sql: StaticString = "SELECT id FROM users WHERE id = $1 OR lower(email) = $2"
    let reference: UserReference
    var parameters: [PostgresValue] { reference.parameters }
    static func decode(_ row: PostgresRow) throws -> UserID { try row.uuid(0) }
}

private struct EndAnySession: Statement {
    static let sql: StaticString = """
        WITH ended AS (DELETE FROM sessions WHERE id = $1 AND expires_at > $2 RETURNING id, user_id)
        INSERT INTO audit_events (event, user_id, session_id, detail)
        SELECT 'session_ended', user_id, id, 'by_operator' FROM ended
        """
    let session: SessionID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(session), .timestamp(now)] }
}

/// Whether a session exists, live or not.
private struct FindSessionRow: Statement {
    static let sql: StaticString = "SELECT id FROM sessions WHERE id = $1"
    let id: SessionID
    var parameters: [PostgresValue] { [.uuid(id)] }
    static func decode(_ row: PostgresRow) throws -> SessionID { try row.uuid(0) }
}

private struct FindSessionRecords: Statement {
    static let sql: StaticString = """
        SELECT sessions.id, users.email, sessions.created_at, sessions.expires_at, user_agent, ip_address
        FROM sessions JOIN users ON users.id = sessions.user_id
        WHERE sessions.expires_at > $1 AND (($2 IS NULL AND $3 IS NULL) OR users.id = $2 OR lower(users.email) = $3)
            AND ($4 IS NULL OR (sessions.created_at, sessions.id)
                < (SELECT last.created_at, last.id FROM sessions AS last WHERE last.id = $4))
        ORDER BY sessions.created_at DESC, sessions.id DESC LIMIT $5
        """
    let page: PageRequest
    let reference: UserReference?
    let now: Date
    var parameters: [PostgresValue] {
        [.timestamp(now)] + (reference?.parameters ?? [.nullUUID, .nullText])
            + [.uuid(orNull: page.after), .int8(page.limit)]
    }

    static func decode(_ row: PostgresRow) throws -> SessionRecord {
        SessionRecord(
            id: try row.uuid(0).lowercaseText,
            email: try row.text(1),
            createdAt: try row.timestamp(2),
            expiresAt: try row.timestamp(3),
            userAgent: try row.optionalText(4),
            ipAddress: try row.optionalText(5)
        )
    }
}
