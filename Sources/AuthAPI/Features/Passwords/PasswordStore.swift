import FoundationEssentials
import PostgresClient
import Shared

/// Access to passwords in the database.
struct PasswordStore: Sendable {
    let postgres: PostgresPool

    /// Sets a password, forgets known browsers and ends every session of the user, in a transaction.
    ///
    /// A concurrent sign-in with the previous password fails: either its session is already stored and ends here, or it
    /// waits for this transaction and finds another hash. That requires two statements: a single one would not see the
    /// sessions that were stored while it waited for the user's row.
    ///
    /// - Returns: whether the password was set; otherwise nothing has changed.
    static func set(_ change: PasswordChange, at now: Date, in db: PostgresConnection) throws -> Bool {
        guard try db.run(SetPasswordHash(change: change, now: now)) > 0 else { return false }
        try db.run(EndAllSessions(user: change.user, reason: .password, trace: change.trace, now: now))
        return true
    }

    /// Sets a password for the user of a session, and replaces the session; all others end.
    ///
    /// - Parameters:
    ///   - change: the password.
    ///   - visitor: the session, which must be live until the end of the transaction.
    ///   - session: the new session.
    ///   - attempts: the attempts of the confirmation, which are returned.
    ///   - now: the clock, which is read when no other sign-in of the user can be in progress.
    /// - Returns: whether the password was set; false when the stored hash was changed concurrently.
    /// - Throws: `unauthenticated` when the session has ended.
    func set(
        _ change: PasswordChange,
        for visitor: SignedIn,
        opening session: NewSession,
        refunding attempts: [Attempt],
        now: @escaping @Sendable () -> Date
    ) async throws -> Bool {
        let opening = InsertSession(session: session, refunding: attempts)
        return try await postgres.transaction(retrying: true) { db in
            guard try db.first(LockUser(id: change.user)) != nil,
                try db.first(
                    HoldSession(session: visitor.sessionID, user: change.user, now: session.createdAt)
                ) != nil
            else { throw APIError(.unauthenticated) }
            guard try Self.set(change, at: now(), in: db) else { return false }
            _ = try db.one(opening)
            return true
        }
    }
}
