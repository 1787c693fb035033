import FoundationEssentials
import PostgresClient
import Shared

/// The result of disabling or enabling a user.
struct UserStateChange: Sendable, Equatable {
    let email: String
    /// Whether the state changed.
    let isNew: Bool
    /// The number of ended sessions.
    var sessions = 0
}

extension OperatorService {
    /// Disables a user and ends all sessions.
    ///
    /// Once the first statement commits, no session of the user is accepted, so the rows can be deleted in batches.
    ///
    /// - Returns: nil when there is no such user.
    func disable(_ reference: UserReference) async throws -> UserStateChange? {
        guard let user = try await store.user(reference) else { return nil }
        let isNew = try await store.setDisabled(true, user.id)
        let ended = try await store.endSessions(of: user.id, reason: .disabled, at: .now)
        return UserStateChange(email: user.email, isNew: isNew, sessions: ended)
    }

    /// Lets a disabled user sign in again.
    ///
    /// - Returns: nil when there is no such user.
    func enable(_ reference: UserReference) async throws -> UserStateChange? {
        guard let user = try await store.user(reference) else { return nil }
        guard user.disabledAt != nil else { return UserStateChange(email: user.email, isNew: false) }
        // Sessions from before must not become valid again.
        let ended = try await store.endSessions(of: user.id, reason: .disabled, at: .now)
        let isNew = try await store.setDisabled(false, user.id)
        return UserStateChange(email: user.email, isNew: isNew, sessions: ended)
    }

    /// Changes a user's email address, which then counts as unverified.
    ///
    /// - Returns: the changed user; nil when there is no such user.
    /// - Throws: `email_taken`.
    func setEmail(of reference: UserReference, to email: EmailAddress) async throws -> UserRecord? {
        guard let user = try await store.user(reference) else { return nil }
        // The address of a migrated user may violate the rules.
        let subject = (try? EmailAddress(exactly: user.email)).map(keys.account)
        let change = ChangeEmail(user: user.id, from: user.email, to: email, subject: subject)
        if user.email != email.value { try await store.changeEmail(change) }
        return try await store.user(.id(user.id))
    }

    /// Allows the disconnected accounts of a provider again.
    ///
    /// - Returns: their number; nil when there is no such user.
    func allowIdentities(of reference: UserReference, at provider: OAuthProvider) async throws -> Int? {
        guard let user = try await store.user(reference) else { return nil }
        return try await store.allowIdentities(of: user.id, at: provider)
    }
}

extension OperatorStore {
    /// Disables or enables a user.
    ///
    /// - Returns: whether that changed anything.
    func setDisabled(_ isDisabled: Bool, _ user: UserID) async throws -> Bool {
        try await postgres.withConnection { db in
            try isDisabled ? db.run(DisableUser(user: user)) : db.run(EnableUser(user: user))
        } > 0
    }

    /// Ends every live session of a user.
    func endSessions(of user: UserID, reason: SessionSelection.Reason, at now: Date) async throws -> Int {
        let all = SessionSelection(user: user, reason: reason)
        return try await SessionBatches(postgres: postgres).end(all, from: .operator, at: now)
    }

    /// Changes a user's email address.
    ///
    /// - Throws: `email_taken`, including when another command has changed the address in the meantime.
    func changeEmail(_ change: ChangeEmail) async throws {
        do {
            let changed = try await postgres.withConnection { try $0.run(change) }
            guard changed > 0 else { throw UserStore.emailTaken }
        } catch let error as PostgresError where error.violates("users_email_key") {
            throw UserStore.emailTaken
        }
    }

    /// Allows the disconnected accounts of a provider again; returns their number.
    func allowIdentities(of user: UserID, at provider: OAuthProvider) async throws -> Int {
        try await postgres.withConnection { try $0.run(AllowIdentities(user: user, provider: provider)) }
    }
}

private struct DisableUser: Statement {
    static let sql: StaticString = """
        WITH changed AS (
            UPDATE users SET disabled_at = now() WHERE id = $1 AND disabled_at IS NULL RETURNING id
        ),
        revoked AS (DELETE FROM password_recoveries USING changed WHERE user_id = changed.id)
        INSERT INTO audit_events (event, user_id) SELECT 'user_disabled', id FROM changed
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
}

private struct EnableUser: Statement {
    static let sql: StaticString = """
        WITH changed AS (
            UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL RETURNING id
        )
        INSERT INTO audit_events (event, user_id) SELECT 'user_enabled', id FROM changed
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
}

/// Changes a user's email address, or nothing if it is taken: an error would write it to the server's log.
///
/// The audit event contains a keyed hash of the previous address.
struct ChangeEmail: Statement {
    static let sql: StaticString = """
        WITH changed AS (
            UPDATE users SET email = $3, email_verified_at = NULL
            WHERE id = $1 AND email = $2
                AND NOT EXISTS (SELECT FROM users AS other WHERE lower(other.email) = $3 AND other.id <> $1)
            RETURNING id
        ),
        revoked AS (DELETE FROM password_recoveries USING changed WHERE user_id = changed.id)
        INSERT INTO audit_events (event, user_id, subject) SELECT 'email_changed', id, $4 FROM changed
        """
    let user: UserID
    let from: String
    let to: EmailAddress
    let subject: ThrottleKey?
    var parameters: [PostgresValue] {
        [.uuid(user), .text(from), .text(to.value), .bytes(orNull: subject?.bytes)]
    }
}

private struct AllowIdentities: Statement {
    static let sql: StaticString = """
        WITH allowed AS (
            DELETE FROM disconnected_identities WHERE user_id = $1 AND provider = $2 RETURNING user_id, provider
        )
        INSERT INTO audit_events (event, user_id, provider) SELECT 'identity_allowed', user_id, provider FROM allowed
        """
    let user: UserID
    let provider: OAuthProvider
    var parameters: [PostgresValue] { [.uuid(user), .text(provider.rawValue)] }
}
