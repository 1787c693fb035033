import FoundationEssentials

/// Sessions in the database.
struct SessionStore: Sendable {
    /// The most sessions that a list shows; older ones are still ended by "end all others".
    static let listLimit: Int64 = 100

    let postgres: PostgresPool
    let identities: IdentityStore

    /// The user and session of a token, if the session is live.
    func signedIn(with hash: TokenHash, at now: Date) async throws -> SignedIn? {
        try await postgres.first(FindSignedIn(hash: hash, now: now))
    }

    /// Stores a session, and what goes with it: all or nothing.
    ///
    /// Where a new password hash is given, it replaces the one just checked; where a provider account waits for that
    /// password, it is linked; attempts that were taken for the check are given back. The sessions that the browser had
    /// before end.
    ///
    /// - Throws: `no_pending_connection` when the provider account cannot be linked any more.
    func insert(
        _ session: NewSession,
        replacing replaced: [TokenHash] = [],
        upgrade: HashUpgrade? = nil,
        connecting pending: PendingConnection? = nil,
        givingBack attempts: [Attempt] = []
    ) async throws {
        let opening = InsertSession(session: session, givingBack: attempts)
        guard upgrade != nil || pending != nil || !replaced.isEmpty else {
            _ = try await postgres.withConnection { try $0.run(opening) }
            return
        }
        try await postgres.transaction { db in
            try db.run(opening)
            if let upgrade { try db.run(UpgradeHash(upgrade: upgrade, session: session)) }
            if let pending { try identities.connect(pending, with: session, in: db) }
            try Self.end(replaced, by: session, in: db)
        }
    }

    /// Ends the sessions that a browser had, as part of the transaction that opens another for it.
    static func end(_ replaced: [TokenHash], by session: NewSession, in db: PostgresConnection) throws {
        for hash in replaced { try db.run(EndReplacedSession(hash: hash, origin: session.origin)) }
    }

    /// The user's live sessions, newest first.
    func live(of account: AccountID, at now: Date) async throws -> [Session] {
        try await postgres.reading { try $0.all(FindLiveSessions(account: account, now: now)) }
    }

    /// Ends one session of a user.
    ///
    /// - Returns: whether there was such a live session.
    func end(_ session: SessionID, of user: SignedIn, from origin: Origin, at now: Date) async throws -> Bool {
        let statement = EndSession(session: session, user: user, origin: origin, now: now)
        return try await postgres.withConnection { try $0.run(statement) } > 0
    }

    /// Ends every live session of a user but the one that asks.
    ///
    /// - Returns: how many were ended.
    func endOthers(of user: SignedIn, from origin: Origin, at now: Date) async throws -> Int {
        let statement = EndOtherSessions(user: user, origin: origin, now: now)
        return try await postgres.withConnection { try $0.run(statement) }
    }

    /// Ends the session of a token.
    func end(with hash: TokenHash, from origin: Origin) async throws {
        _ = try await postgres.withConnection { try $0.run(EndSessionByToken(hash: hash, origin: origin)) }
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
