import FoundationEssentials
import PostgresClient
import Shared

/// What disabling or enabling a user has changed.
struct UserStateChange: Sendable, Equatable {
    let email: String
    /// Whether the user was not in that state before.
    let isNew: Bool
    /// How many sessions ended.
    var sessions = 0
}

extension OperatorService {
    /// Disables a user and ends all sessions.
    ///
    /// From the commit of the first statement on no session of the user is accepted, so the rows may go one batch after the
    /// other.
    ///
    /// - Returns: nil when there is no such user.
    func disable(_ reference: UserReference) async throws -> UserStateChange? {
        guard let user = try await store.user(reference), let id = UserID(uuidString: user.id) else { return nil }
        let isNew = try await store.setDisabled(true, id)
        let ended = try await store.endSessions(of: id, reason: .disabled, at: .now)
        return UserStateChange(email: user.email, isNew: isNew, sessions: ended)
    }

    /// Lets a disabled user sign in again.
    ///
    /// - Returns: nil when there is no such user.
    func enable(_ reference: UserReference) async throws -> UserStateChange? {
        guard let user = try await store.user(reference), let id = UserID(uuidString: user.id) else { return nil }
        guard user.disabledAt != nil else { return UserStateChange(email: user.email, isNew: false) }
        // None of before is to live again.
        let ended = try await store.endSessions(of: id, reason: .disabled, at: .now)
        let isNew = try await store.setDisabled(false, id)
        return UserStateChange(email: user.email, isNew: isNew, sessions: ended)
    }

    /// Changes a user's address, which then counts as unverified.
    ///
    /// - Returns: the user as it is then; nil when there is no such user.
    /// - Throws: `email_taken`.
    func setEmail(of reference: UserReference, to email: EmailAddress) async throws -> UserRecord? {
        guard let user = try await store.user(reference), let id = UserID(uuidString: user.id) else { return nil }
        // An address that was moved over may keep to no rule.
        let subject = (try? EmailAddress(exactly: user.email)).map(audit.keys.account)
        let change = ChangeEmail(user: id, from: user.email, to: email, subject: subject)
        if user.email != email.value { try await store.changeEmail(change) }
        return try await store.user(.id(id))
    }

    /// Forgets that a user disconnected accounts of a provider.
    ///
    /// - Returns: how many; nil when there is no such user.
    func allowIdentities(of reference: UserReference, at provider: OAuthProvider) async throws -> Int? {
        guard let user = try await store.user(reference), let id = UserID(uuidString: user.id) else { return nil }
        return try await store.allowIdentities(of: id, at: provider)
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

    /// Changes a user's address.
    ///
    /// - Throws: `email_taken`, also when another command changed the user's address meanwhile.
    func changeEmail(_ change: ChangeEmail) async throws {
        do {
            let changed = try await postgres.withConnection { try $0.run(change) }
            guard changed > 0 else { throw ChangeEmail.taken }
        } catch let error as PostgresError where error.violates("users_email_key") {
            throw ChangeEmail.taken
        }
    }

    /// Forgets that a user disconnected accounts of a provider; gives how many.
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

/// Changes a user's address, or nothing when it is taken: an error would put it into the server's log.
///
/// The event keeps the former address as a keyed hash.
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

    static let taken = APIError(.emailTaken, detail: "An account with this email already exists.")
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
