import FoundationEssentials
import Logging
import PostgresClient

/// Access to sessions in the database.
struct SessionStore: Sendable {
    /// The maximum number of live sessions per user; opening another ends the oldest.
    static let liveLimit: Int64 = 100
    /// The maximum number of sessions in a list; there are more only if another program created them.
    static let listLimit = liveLimit
    /// How long opening a session may take to end surplus sessions; the next sign-in continues.
    static let trimmingTime = Duration.seconds(3)

    let postgres: PostgresPool
    let identities: IdentityStore

    /// The user and session of a token, if the session is live.
    func signedIn(with hash: TokenHash, at now: Date) async throws -> SignedIn? {
        guard let session = try await postgres.lookUp(FindSignedIn.self, for: hash), session.expiresAt > now else {
            return nil
        }
        return session.signedIn
    }

    /// Stores a session, with its side effects, in one transaction.
    ///
    /// A new password hash replaces the checked one; a pending provider account is linked; the browser's previous
    /// sessions end; the attempts of the check are returned. Afterwards, the user's oldest sessions beyond
    /// ``liveLimit`` end.
    ///
    /// - Returns: whether it was stored; false when the user no longer exists, or has another password than
    ///   `checkedHash`.
    /// - Throws: `no_pending_connection` when the provider account can no longer be linked.
    func insert(
        _ session: NewSession,
        checkedHash: String? = nil,
        upgrade: HashUpgrade? = nil,
        linking pending: PendingLink? = nil,
        refunding attempts: [Attempt] = []
    ) async throws -> Bool {
        let opening = InsertSession(session: session, checkedHash: checkedHash, refunding: attempts)
        let (isStored, mayBeTooMany): (Bool, Bool)
        if upgrade == nil, pending == nil, session.replaced.isEmpty {
            (isStored, mayBeTooMany) = try await postgres.withConnection { try $0.one(opening) }
        } else {
            (isStored, mayBeTooMany) = try await postgres.transaction(retrying: true) { db in
                // Changing the user's row requires the exclusive lock from the start: two transactions with a shared
                // lock would deadlock.
                if upgrade != nil || pending != nil { _ = try db.first(LockUser(id: session.userID)) }
                let opened = try db.one(opening)
                guard opened.isStored else { return opened }
                if let upgrade { try db.run(UpgradeHash(upgrade: upgrade, session: session)) }
                if let pending { try identities.link(pending, with: session, in: db) }
                try Self.endReplaced(by: session, in: db)
                return opened
            }
        }
        if isStored, mayBeTooMany { await endSurplus(beside: session) }
        return isStored
    }

    /// Ends the previous sessions of a browser, in the transaction that opens a new one.
    static func endReplaced(by session: NewSession, in db: PostgresConnection) throws {
        for hash in session.replaced { try db.run(EndReplacedSession(hash: hash, trace: session.trace)) }
    }

    /// Ends the oldest sessions of the user beyond the limit, but never the new one.
    ///
    /// The session is already open, so a failure is only logged; the next sign-in retries.
    private func endSurplus(beside session: NewSession) async {
        do {
            guard let surplus = try await postgres.withConnection({ try $0.first(FindSurplus(session: session)) })
            else { return }
            let selection = SessionSelection(
                user: session.userID,
                keeping: session.id,
                upTo: surplus,
                reason: .limit
            )
            _ = try await SessionBatches(postgres: postgres).end(
                selection,
                from: session.trace,
                at: session.createdAt,
                until: Deadline.now.adding(Self.trimmingTime)
            )
        } catch {
            Logger.current.warning("surplus sessions not ended", metadata: ["error": .string("\(type(of: error))")])
        }
    }

    /// The user's live sessions, newest first, at most ``listLimit`` including the current one, and their total number.
    func live(of visitor: SignedIn, at now: Date) async throws -> (sessions: [Session], total: Int) {
        let rows = try await postgres.reading { try $0.all(FindLiveSessions(visitor: visitor, now: now)) }
        let sessions = rows.map(\.session).sorted { $0.createdAt > $1.createdAt }
        return (sessions, Int(rows.first?.total ?? 0))
    }

    /// Ends one session of a user.
    ///
    /// - Returns: whether there was such a live session.
    func end(_ session: SessionID, of visitor: SignedIn, from trace: RequestTrace, at now: Date) async throws -> Bool {
        let statement = EndSession(session: session, visitor: visitor, trace: trace, now: now)
        return try await postgres.withConnection { try $0.run(statement) } > 0
    }

    /// Ends every live session of a user except the current one.
    ///
    /// - Returns: the number of ended sessions.
    func endOthers(of visitor: SignedIn, from trace: RequestTrace, at now: Date) async throws -> Int {
        let others = SessionSelection(user: visitor.user.id, keeping: visitor.sessionID, reason: .owner)
        return try await SessionBatches(postgres: postgres).end(others, from: trace, at: now)
    }

    /// Ends the session of a token.
    func end(with hash: TokenHash, from trace: RequestTrace) async throws {
        _ = try await postgres.withConnection { try $0.run(EndSessionByToken(hash: hash, trace: trace)) }
    }

    /// Removes expired sessions, at most `limit`, unless another replica is doing it.
    ///
    /// - Returns: the number of removed sessions; nil when another replica holds the lock.
    func removeExpired(at now: Date, limit: Int64) async throws -> Int? {
        try await postgres.transaction { db in
            guard try db.one(TryLockSweep.sessions) else { return nil }
            return try db.run(RemoveExpired(now: now, limit: limit))
        }
    }
}

/// A password hash that replaces another.
struct HashUpgrade: Sendable {
    let user: UserID
    /// The checked hash; if it was changed concurrently, nothing is replaced.
    let old: String
    let new: String
}
