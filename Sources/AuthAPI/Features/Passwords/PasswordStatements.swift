import FoundationEssentials
import PostgresClient

/// A password to set.
struct PasswordChange: Sendable {
    /// How the change was authorized; the audit trail's `detail`.
    enum Reason: String, Sendable {
        /// With the current password.
        case owner = "by_owner"
        /// By signing in again at a provider, for a user without a password.
        case provider = "by_provider"
        /// With a one-time link of an operator.
        case recovery = "by_recovery"
    }

    /// The stored hash to replace.
    enum Replaced: Sendable {
        /// Any hash.
        case any
        /// This hash, or nil for none; otherwise the password was changed concurrently.
        case exactly(String?)
    }

    let user: UserID
    /// The hash of the new password.
    let hash: String
    let replaced: Replaced
    let reason: Reason
    /// The caller's session, if any.
    var session: SessionID?
    let trace: RequestTrace
}

/// Sets a password hash; no row when the user no longer exists or has another hash than the one to replace.
///
/// Revokes the user's one-time link, which is for the previous password, and forgets the browsers that signed in with
/// it. Locks the user's row, for which ``InsertSession`` waits.
struct SetPasswordHash: Statement {
    static let sql: StaticString = """
        WITH changed AS (
            UPDATE users SET password_hash = $2, devices_known_since = $11
            WHERE id = $1 AND ($3 OR password_hash IS NOT DISTINCT FROM $4)
            RETURNING id
        ),
        revoked AS (DELETE FROM password_recoveries USING changed WHERE password_recoveries.user_id = changed.id)
        INSERT INTO audit_events (event, user_id, detail, session_id, device_id, address, user_agent, request_id)
        SELECT 'password_changed', id, $5, $6, $7, $8, $9, $10 FROM changed
        """
    let change: PasswordChange
    /// The server's time, with which the cookies of known browsers are compared.
    let now: Date
    var parameters: [PostgresValue] {
        let replaced: [PostgresValue] =
            switch change.replaced {
            case .any: [.bool(true), .nullText]
            case .exactly(let hash): [.bool(false), .text(orNull: hash)]
            }
        return [.uuid(change.user), .text(change.hash)] + replaced
            + [.text(change.reason.rawValue), .uuid(orNull: change.session)] + change.trace.parameters
            + [.timestamp(DeviceCookie.knownAgain(after: now))]
    }
}

/// Selects the data for checking a signed-in user's confirmation; no row when the session has ended.
struct FindOwnCredentials: Statement {
    static let sql: StaticString = """
        SELECT users.id, email, name, avatar_url, password_hash, sessions.created_at, sessions.reauthenticated_at,
            (SELECT count(*) FROM (SELECT FROM sessions WHERE user_id = $1 LIMIT $3) AS counted)
        FROM users JOIN sessions ON sessions.user_id = users.id WHERE users.id = $1 AND sessions.id = $2
        """
    let visitor: SignedIn
    var parameters: [PostgresValue] {
        [.uuid(visitor.user.id), .uuid(visitor.sessionID), .int8(SessionBatches.size + 1)]
    }

    static func decode(_ row: PostgresRow) throws -> OwnCredentials {
        OwnCredentials(
            credentials: UserCredentials(user: try User(row, from: 0), passwordHash: try row.optionalText(4)),
            signedInAt: try row.timestamp(5),
            reauthenticatedAt: try row.optionalTimestamp(6),
            hasManySessions: try row.int8(7) > SessionBatches.size
        )
    }
}

/// How a signed-in user can confirm a change.
struct OwnCredentials: Sendable {
    let credentials: UserCredentials
    /// When the user opened this session.
    let signedInAt: Date
    /// When the user last signed in again at a provider in this session.
    let reauthenticatedAt: Date?
    /// Whether there are too many sessions to end in one statement.
    let hasManySessions: Bool

    /// Whether the user signed in again at a provider recently enough to confirm a change.
    func isConfirmed(at now: Date) -> Bool {
        reauthenticatedAt.map { $0 > now.addingTimeInterval(-PasswordGate.reauthenticationLifetime) } ?? false
    }

    /// Whether the user signed in recently, to this session or again at a provider.
    func hasSignedInRecently(at now: Date) -> Bool {
        isConfirmed(at: now) || signedInAt > now.addingTimeInterval(-PasswordGate.reauthenticationLifetime)
    }
}
