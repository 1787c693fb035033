import FoundationEssentials

/// Sessions in the database.
struct SessionStore: Sendable {
    /// The most sessions that a list shows; older ones are still ended by "end all others".
    static let listLimit: Int64 = 100

    let postgres: PostgresPool
    let identities: IdentityStore

    /// The user and session of a token, if the session is live.
    func signedIn(with hash: TokenHash, at now: Date) async throws -> SignedIn? {
        try await postgres.withConnection { try $0.first(FindSignedIn(hash: hash, now: now)) }
    }

    /// Stores a session, and what goes with it: all or nothing.
    ///
    /// Where a new password hash is given, it replaces the one just checked; where a provider account waits for that
    /// password, it is linked; attempts that were taken for the check are given back.
    ///
    /// - Throws: `no_pending_connection` when the provider account cannot be linked any more.
    func insert(
        _ session: NewSession,
        upgrade: HashUpgrade? = nil,
        connecting pending: PendingConnection? = nil,
        givingBack attempts: [Attempt] = []
    ) async throws {
        try await postgres.transaction { db in
            if !attempts.isEmpty { try db.run(GiveBack(attempts: attempts)) }
            try db.run(InsertSession(session: session))
            if let upgrade { try db.run(UpgradeHash(upgrade: upgrade)) }
            guard let pending else { return }
            try identities.connect(pending, to: session.accountID, at: session.createdAt, in: db)
        }
    }

    /// The user's live sessions, newest first.
    func live(of account: AccountID, at now: Date) async throws -> [Session] {
        try await postgres.withConnection { try $0.all(FindLiveSessions(account: account, now: now)) }
    }

    /// Ends one session of a user.
    ///
    /// - Returns: whether there was such a live session.
    func end(_ session: SessionID, of account: AccountID, at now: Date) async throws -> Bool {
        try await postgres.withConnection { try $0.run(EndSession(session: session, account: account, now: now)) } > 0
    }

    /// Ends every live session of a user but one.
    ///
    /// - Returns: how many were ended.
    func endOthers(than session: SessionID, of account: AccountID, at now: Date) async throws -> Int {
        try await postgres.withConnection {
            try $0.run(EndOtherSessions(session: session, account: account, now: now))
        }
    }

    /// Ends the session of a token.
    func end(with hash: TokenHash) async throws {
        _ = try await postgres.withConnection { try $0.run(EndSessionByToken(hash: hash)) }
    }

    /// Removes expired sessions, at most `limit`, unless another replica is doing it.
    ///
    /// - Returns: how many were removed; nil when another replica holds the lock.
    func removeExpired(at now: Date, limit: Int64) async throws -> Int? {
        try await postgres.transaction { db in
            guard try db.one(TrySweepLock()) else { return nil }
            return try db.run(RemoveExpired(now: now, limit: limit))
        }
    }
}

/// A password hash that replaces another.
struct HashUpgrade: Sendable {
    let account: AccountID
    /// The hash that was checked; should it have changed meanwhile, it stays.
    let old: String
    let new: String
}

/// Stores a session.
struct InsertSession: Statement {
    static let sql: StaticString = """
        INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at, user_agent, ip_address)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """
    let session: NewSession
    var parameters: [PostgresValue] {
        [
            .uuid(session.id), .uuid(session.accountID), .bytes(session.tokenHash.bytes),
            .timestamp(session.createdAt), .timestamp(session.expiresAt),
            .text(orNull: session.device.userAgent), .text(orNull: session.device.address),
        ]
    }
}

private struct UpgradeHash: Statement {
    static let sql: StaticString = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3"
    let upgrade: HashUpgrade
    var parameters: [PostgresValue] { [.text(upgrade.new), .uuid(upgrade.account), .text(upgrade.old)] }
}

private struct FindSignedIn: Statement {
    static let sql: StaticString = """
        SELECT sessions.id, users.id, users.email, users.name, users.avatar_url
        FROM sessions JOIN users ON users.id = sessions.user_id
        WHERE sessions.token_hash = $1 AND sessions.expires_at > $2
        """
    let hash: TokenHash
    let now: Date
    var parameters: [PostgresValue] { [.bytes(hash.bytes), .timestamp(now)] }

    static func decode(_ row: PostgresRow) throws -> SignedIn {
        SignedIn(
            account: try Account(row, from: 1),
            sessionID: try row.uuid(0)
        )
    }
}

private struct FindLiveSessions: Statement {
    static let sql: StaticString = """
        SELECT id, created_at, expires_at, user_agent, ip_address FROM sessions
        WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id LIMIT $3
        """
    let account: AccountID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(account), .timestamp(now), .int8(SessionStore.listLimit)] }

    static func decode(_ row: PostgresRow) throws -> Session {
        Session(
            id: try row.uuid(0),
            createdAt: try row.timestamp(1),
            expiresAt: try row.timestamp(2),
            device: Device(userAgent: try row.optionalText(3), address: try row.optionalText(4))
        )
    }
}

private struct EndSession: Statement {
    static let sql: StaticString = "DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3"
    let session: SessionID
    let account: AccountID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(session), .uuid(account), .timestamp(now)] }
}

private struct EndOtherSessions: Statement {
    static let sql: StaticString = "DELETE FROM sessions WHERE id <> $1 AND user_id = $2 AND expires_at > $3"
    let session: SessionID
    let account: AccountID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(session), .uuid(account), .timestamp(now)] }
}

private struct EndSessionByToken: Statement {
    static let sql: StaticString = "DELETE FROM sessions WHERE token_hash = $1"
    let hash: TokenHash
    var parameters: [PostgresValue] { [.bytes(hash.bytes)] }
}

/// Takes the lock under which expired sessions are removed; it is given back when the transaction ends.
struct TrySweepLock: Statement {
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(hashtextextended('yoshikosan.sessions.sweep', 0))"
    var parameters: [PostgresValue] { [] }
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

private struct RemoveExpired: Statement {
    static let sql: StaticString = """
        DELETE FROM sessions WHERE id IN (
            SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        """
    let now: Date
    let limit: Int64
    var parameters: [PostgresValue] { [.timestamp(now), .int8(limit)] }
}
