import FoundationEssentials
import Shared

/// The rules of password changes.
struct PasswordService: Sendable {
    let store: PasswordStore
    let batches: SessionBatches
    let sessions: SessionService
    let gate: PasswordGate
    let hasher: PasswordHasher
    let now: @Sendable () -> Date

    /// Changes the user's password, or sets the first one.
    ///
    /// Ends every session, forgets known browsers, and opens a new session for the caller.
    ///
    /// - Parameters:
    ///   - password: the new password, which has been validated.
    ///   - current: the current password; nil for users without one who have just signed in at a provider.
    ///   - visitor: the user and the session.
    ///   - trace: the origin of the request.
    /// - Returns: the session that replaces the caller's.
    /// - Throws: `invalid_fields` for a wrong current password, `reauthentication_required`, `unauthenticated` when the
    ///   session has ended in the meantime, `too_many_requests`, `overloaded`.
    func change(
        to password: Password,
        current: Password?,
        of visitor: SignedIn,
        from trace: RequestTrace
    ) async throws -> OpenedSession {
        var hash: String?
        // Twice, because a concurrent sign-in may have upgraded the checked hash.
        for _ in 1...2 {
            let confirmed = try await gate.confirm(current, in: .currentPassword, of: visitor, from: trace)
            let new: String
            do {
                if let hash { new = hash } else { new = try await hasher.hash(password) }
                hash = new
                if confirmed.own.hasManySessions {
                    // Too many to end within the timeout of one statement.
                    let others = SessionSelection(user: visitor.user.id, keeping: visitor.sessionID, reason: .password)
                    _ = try await batches.end(others, from: trace, at: now())
                }
            } catch {
                await gate.refund(confirmed.attempts)
                throw error
            }
            let session = try await sessions.prepare(for: confirmed.own.credentials.user, from: trace)
            let change = PasswordChange(
                user: visitor.user.id,
                hash: new,
                replaced: .exactly(confirmed.own.credentials.passwordHash),
                reason: confirmed.proof == .password ? .owner : .provider,
                session: visitor.sessionID,
                trace: trace
            )
            let isSet = try await store.set(
                change,
                for: visitor,
                opening: session.row,
                refunding: confirmed.attempts,
                now: now
            )
            if isSet {
                return OpenedSession(user: confirmed.own.credentials.user, token: session.token)
            }
            await gate.refund(confirmed.attempts)
        }
        throw SessionService.changing
    }
}
