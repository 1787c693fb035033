import FoundationEssentials
import Shared

/// The rules of changing a password.
struct PasswordService: Sendable {
    let store: PasswordStore
    let batches: SessionBatches
    let sessions: SessionService
    let gate: PasswordGate
    let hasher: PasswordHasher

    /// Changes the user's password, or sets a first one; every session ends, and the one that asks gets a successor.
    ///
    /// - Parameters:
    ///   - password: the new one, which keeps the rules.
    ///   - current: the one to replace; nil for users who have none and have just signed in at a provider.
    ///   - user: whose it is.
    ///   - trace: from where.
    /// - Returns: the session that takes the place of the one that asks.
    /// - Throws: `invalid_fields` for a wrong current password, `reauthentication_required`, `unauthenticated` when the
    ///   session has ended meanwhile, `too_many_requests`, `overloaded`.
    func change(
        to password: Password,
        current: Password?,
        of user: SignedIn,
        from trace: RequestTrace
    ) async throws -> OpenedSession {
        var hash: String?
        // Twice, because a sign-in at the same moment may have replaced the checked hash by one of today's cost.
        for _ in 1...2 {
            let confirmed = try await gate.confirm(current, in: .currentPassword, of: user, from: trace)
            let new: String
            do {
                if let hash { new = hash } else { new = try await hasher.hash(password) }
                hash = new
                if confirmed.own.hasManySessions {
                    // So many could not all end within the time of one statement.
                    let others = SessionSelection(user: user.user.id, keeping: user.sessionID, reason: .password)
                    _ = try await batches.end(others, from: trace, at: gate.now())
                }
            } catch {
                await gate.giveBack(confirmed.attempts)
                throw error
            }
            let session = try await sessions.prepare(for: confirmed.own.credentials.user, from: trace)
            let change = PasswordChange(
                user: user.user.id,
                hash: new,
                replaced: .exactly(confirmed.own.credentials.passwordHash),
                reason: confirmed.proof == .password ? .owner : .provider,
                session: user.sessionID,
                trace: trace
            )
            if try await store.set(change, for: user, opening: session.row, givingBack: confirmed.attempts) {
                return OpenedSession(user: confirmed.own.credentials.user, token: session.token)
            }
            await gate.giveBack(confirmed.attempts)
        }
        throw APIError(.serviceUnavailable, detail: "The account is being changed at the same moment.", retryAfter: 1)
    }
}
