import FoundationEssentials
import PostgresClient
import Shared

extension OperatorService {
    /// A user and the last sign-in; nil when there is no such user.
    func recoverable(_ reference: UserReference) async throws -> RecoverableUser? {
        guard let user = try await store.user(reference) else { return nil }
        return RecoverableUser(user: user, lastSignIn: try await store.lastSignIn(of: user.id))
    }

    /// Creates a one-time link for a user, which replaces any previous one.
    ///
    /// - Returns: nil when the user no longer exists, is disabled, or has another email address now.
    func recover(_ shown: UserRecord, validFor seconds: Int, keepingProviders: Bool) async throws -> RecoveryLink? {
        let code = OneTimeCode()
        let recovery = NewRecovery(
            user: shown.id,
            email: shown.email,
            hash: OneTimeCodeKeys(for: .recoveryCodes, from: settings.secretKeys).hash(code),
            keepsProviders: keepingProviders,
            lifetime: Int64(seconds)
        )
        guard let expiresAt = try await RecoveryStore(postgres: postgres).create(recovery) else { return nil }
        let link = code.link(to: PagePath.recover, as: "code", at: settings.common.publicURL)
        return RecoveryLink(email: shown.email, link: link, expiresAt: expiresAt)
    }
}

extension OperatorStore {
    /// When a user last signed in, from the audit trail and live sessions.
    fileprivate func lastSignIn(of user: UserID) async throws -> Date? {
        try await postgres.reading { try $0.one(FindLastSignIn(user: user)) }
    }
}

private struct FindLastSignIn: ReadStatement {
    static let sql: StaticString = """
        SELECT greatest(
            (SELECT max(occurred_at) FROM audit_events WHERE user_id = $1 AND event = 'signed_in'),
            (SELECT max(created_at) FROM sessions WHERE user_id = $1)
        )
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
    static func decode(_ row: PostgresRow) throws -> Date? { try row.optionalTimestamp(0) }
}
