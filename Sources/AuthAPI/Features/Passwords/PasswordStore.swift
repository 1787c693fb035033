import FoundationEssentials
import PostgresClient
import Shared

/// Passwords in the database.
struct PasswordStore: Sendable {
    let postgres: PostgresPool

    /// Sets a password and ends every session of the user, as part of a transaction.
    ///
    /// A sign-in with the former password that is under way does not survive: it either has stored its session, which
    /// ends here, or waits for this transaction and finds another hash. That takes two statements: one alone would not
    /// see the sessions that were stored while it waited for the user's row.
    ///
    /// - Returns: whether the password was set; nothing has changed when it was not.
    static func set(_ change: PasswordChange, at now: Date, in db: PostgresConnection) throws -> Bool {
        guard try db.run(SetPasswordHash(change: change)) > 0 else { return false }
        try db.run(EndAllSessions(user: change.user, reason: .password, trace: change.trace, now: now))
        return true
    }

    /// Sets a password at the request of a session, and opens another in its place; all others end.
    ///
    /// - Parameters:
    ///   - change: the password.
    ///   - visitor: the session, which must be live to the end of the transaction.
    ///   - session: the one that takes its place.
    ///   - attempts: what was taken for the confirmation and is given back.
    /// - Returns: whether the password was set; it is not when the stored hash has changed meanwhile.
    /// - Throws: `unauthenticated` when the session has ended.
    func set(
        _ change: PasswordChange,
        for visitor: SignedIn,
        opening session: NewSession,
        givingBack attempts: [Attempt]
    ) async throws -> Bool {
        let opening = InsertSession(session: session, givingBack: attempts)
        return try await postgres.transaction(retrying: true) { db in
            guard try db.first(LockUser(id: change.user)) != nil,
                try db.first(
                    HoldSession(session: visitor.sessionID, user: change.user, now: session.createdAt)
                ) != nil
            else { throw APIError(.unauthenticated) }
            guard try Self.set(change, at: session.createdAt, in: db) else { return false }
            _ = try db.one(opening)
            return true
        }
    }
}
