import FoundationEssentials
import PostgresClient
import Shared

/// Stores a session with its event, unless the user no longer exists, is disabled, or has another password hash than
/// the one that was checked.
///
/// Returns the attempts of the check, and counts the user's other live sessions up to `countingTo`.
///
/// The user and the identity of the sign-in are locked until the session is stored: a violated foreign key would write
/// an error to the server's log. It is one statement, so that a typical sign-in needs no transaction. It waits for
/// concurrent changes of the user's row, and then checks the hash again (``PasswordStore/set(_:at:in:)``). Lock order
/// everywhere: the user first, then the identity or the rate limits.
struct InsertSession: Statement {
    static let sql: StaticString = """
        WITH owner AS (
            SELECT id FROM users WHERE id = $2 AND disabled_at IS NULL AND ($17 IS NULL OR password_hash = $17) FOR SHARE
        ),
        identity AS (
            SELECT oauth_accounts.id FROM owner JOIN oauth_accounts ON oauth_accounts.user_id = owner.id
            WHERE oauth_accounts.id = $15 FOR KEY SHARE OF oauth_accounts
        ),
        opened AS (
            INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at, user_agent, ip_address, identity_id)
            SELECT $1, id, $3, $4, $5, $9, $8, $15 FROM owner
            WHERE $15 IS NULL OR EXISTS (SELECT FROM identity)
            RETURNING id, user_id
        ),
        given (key, cost) AS (VALUES ($11::bytea, $12::bigint), ($13, $14)),
        locked AS (
            SELECT key FROM throttles WHERE EXISTS (SELECT FROM opened) AND key IN ($11, $13) ORDER BY key FOR UPDATE
        ),
        returned AS (
            UPDATE throttles SET busy_until = busy_until - given.cost * interval '1 microsecond'
            FROM given, locked WHERE throttles.key = given.key AND locked.key = given.key
        ),
        noted AS (
            INSERT INTO audit_events (event, user_id, session_id, provider, device_id, address, user_agent, request_id)
            SELECT 'signed_in', user_id, id, $6, $7, $8, $9, $10 FROM opened
        )
        SELECT EXISTS (SELECT FROM opened),
            (SELECT count(*) FROM (SELECT FROM sessions WHERE user_id = $2 AND expires_at > $4 LIMIT $16) AS others)
        """
    /// The limit for counting other sessions.
    static let countingTo = SessionStore.liveLimit / 2
    let session: NewSession
    /// The hash that the password was checked against; nil without a password.
    var checkedHash: String?
    var refunding: [Attempt] = []
    var parameters: [PostgresValue] {
        [
            .uuid(session.id), .uuid(session.userID), .bytes(session.tokenHash.bytes),
            .timestamp(session.createdAt), .timestamp(session.expiresAt), .text(orNull: session.provider?.rawValue),
        ] + session.trace.parameters + refunding.costs + [
            .uuid(orNull: session.identity), .int8(Self.countingTo), .text(orNull: checkedHash),
        ]
    }

    /// Whether the session was stored, and whether the user may now have too many sessions.
    ///
    /// Concurrent sign-ins do not see each other's sessions, so the check starts well below the limit.
    static func decode(_ row: PostgresRow) throws -> (isStored: Bool, mayBeTooMany: Bool) {
        (try row.bool(0), try row.int8(1) >= countingTo)
    }
}

/// Ends every session of a user, in the transaction that changes the password.
struct EndAllSessions: Statement {
    static let sql: StaticString = """
        WITH ended AS (DELETE FROM sessions WHERE user_id = $1 RETURNING id, user_id, expires_at)
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        SELECT 'session_ended', user_id, id, $3, $4, $5, $6, $7 FROM ended WHERE expires_at > $2
        """
    let user: UserID
    let reason: SessionSelection.Reason
    let trace: RequestTrace
    let now: Date
    var parameters: [PostgresValue] {
        [.uuid(user), .timestamp(now), .text(reason.rawValue)] + trace.parameters
    }
}

/// Ends the session of a token that the browser sent when it signed in again, whichever user it belonged to.
struct EndReplacedSession: Statement {
    static let sql: StaticString = """
        WITH ended AS (DELETE FROM sessions WHERE token_hash = $1 RETURNING id, user_id)
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        SELECT 'session_ended', user_id, id, 'replaced', $2, $3, $4, $5 FROM ended
        """
    let hash: TokenHash
    let trace: RequestTrace
    var parameters: [PostgresValue] { [.bytes(hash.bytes)] + trace.parameters }
}

/// Replaces a password hash, in a transaction that opens a session.
struct UpgradeHash: Statement {
    static let sql: StaticString = """
        WITH upgraded AS (
            UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3 RETURNING id
        )
        INSERT INTO audit_events (event, user_id, session_id, device_id, address, user_agent, request_id)
        SELECT 'hash_upgraded', id, $4, $5, $6, $7, $8 FROM upgraded
        """
    let upgrade: HashUpgrade
    let session: NewSession
    var parameters: [PostgresValue] {
        [.text(upgrade.new), .uuid(upgrade.user), .text(upgrade.old), .uuid(session.id)]
            + session.trace.parameters
    }
}

/// Finds the sessions of tokens, with their users.
struct FindSignedIn: SharedRead {
    typealias Key = TokenHash
    typealias Value = FoundSession

    /// With fewer elements than the planner's default estimate (10), it would create a new plan each time.
    private static let leastPlaces = 16

    static let sql: StaticString = """
        SELECT asked.place, sessions.id, users.id, users.email, users.name, users.avatar_url, sessions.expires_at,
            users.email_verified_at IS NOT NULL
        FROM unnest($1) WITH ORDINALITY AS asked (token_hash, place)
        JOIN sessions ON sessions.token_hash = asked.token_hash
        JOIN users ON users.id = sessions.user_id AND users.disabled_at IS NULL
        """
    private let hashes: [TokenHash]
    var parameters: [PostgresValue] {
        let places = hashes.map { Optional($0.bytes) }
        return [.bytesArray(places + Array(repeating: nil, count: max(0, Self.leastPlaces - places.count)))]
    }

    init(_ keys: [TokenHash]) { hashes = keys }

    static func decode(_ row: PostgresRow) throws -> (place: Int, value: FoundSession) {
        let signedIn = SignedIn(
            user: try User(row, from: 2),
            sessionID: try row.uuid(1),
            isEmailVerified: try row.bool(7)
        )
        // PostgreSQL's positions start at 1.
        return (Int(try row.int8(0)) - 1, FoundSession(signedIn: signedIn, expiresAt: try row.timestamp(6)))
    }
}

/// A stored session, live or not.
struct FoundSession: Sendable {
    let signedIn: SignedIn
    let expiresAt: Date
}

/// Selects a user's live sessions for a list: the current one, and the newest others.
struct FindLiveSessions: ReadStatement {
    static let sql: StaticString = """
        SELECT id, created_at, expires_at, user_agent, ip_address,
            (SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2)
        FROM sessions WHERE user_id = $1 AND expires_at > $2
        ORDER BY id = $3 DESC, created_at DESC, id LIMIT $4
        """
    let visitor: SignedIn
    let now: Date
    var parameters: [PostgresValue] {
        [.uuid(visitor.user.id), .timestamp(now), .uuid(visitor.sessionID), .int8(SessionStore.listLimit)]
    }

    static func decode(_ row: PostgresRow) throws -> (session: Session, total: Int64) {
        (
            Session(
                id: try row.uuid(0),
                createdAt: try row.timestamp(1),
                expiresAt: try row.timestamp(2),
                client: ClientInfo(userAgent: try row.optionalText(3), address: try row.optionalText(4))
            ),
            try row.int8(5)
        )
    }
}

/// Ends a session of a user; the event shows whether it was the current one.
struct EndSession: Statement {
    static let sql: StaticString = """
        WITH ended AS (
            DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $4 RETURNING id, user_id
        )
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        SELECT CASE id WHEN $3 THEN 'signed_out' ELSE 'session_ended' END, user_id, id,
            CASE id WHEN $3 THEN NULL ELSE 'by_owner' END, $5, $6, $7, $8
        FROM ended
        """
    let session: SessionID
    let visitor: SignedIn
    let trace: RequestTrace
    let now: Date
    var parameters: [PostgresValue] {
        [.uuid(session), .uuid(visitor.user.id), .uuid(visitor.sessionID), .timestamp(now)] + trace.parameters
    }
}

/// Ends the session of a token.
struct EndSessionByToken: Statement {
    static let sql: StaticString = """
        WITH ended AS (DELETE FROM sessions WHERE token_hash = $1 RETURNING id, user_id)
        INSERT INTO audit_events (event, user_id, session_id, device_id, address, user_agent, request_id)
        SELECT 'signed_out', user_id, id, $2, $3, $4, $5 FROM ended
        """
    let hash: TokenHash
    let trace: RequestTrace
    var parameters: [PostgresValue] { [.bytes(hash.bytes)] + trace.parameters }
}

/// Removes expired sessions, without an event.
///
/// They must have expired by the database's clock, too: a replica whose clock is ahead would delete live sessions.
struct RemoveExpired: Statement {
    static let sql: StaticString = """
        DELETE FROM sessions WHERE id IN (
            SELECT id FROM sessions WHERE expires_at <= least($1, now()) ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        """
    let now: Date
    let limit: Int64
    var parameters: [PostgresValue] { [.timestamp(now), .int8(limit)] }
}

/// Ends sessions of a user, at most `limit`.
struct EndSessions: Statement {
    static let sql: StaticString = """
        WITH chosen AS (
            SELECT id FROM sessions
            WHERE user_id = $1 AND id <> $2 AND expires_at > $3 AND (created_at, id) <= ($4, $5)
            LIMIT $6 FOR UPDATE
        ), ended AS (
            DELETE FROM sessions USING chosen WHERE sessions.id = chosen.id RETURNING sessions.id, user_id
        )
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        SELECT 'session_ended', user_id, id, $7, $8, $9, $10, $11 FROM ended
        """
    let selection: SessionSelection
    let trace: RequestTrace
    let now: Date
    let limit: Int64
    var parameters: [PostgresValue] {
        [
            .uuid(selection.user), .uuid(selection.keeping ?? Self.none), .timestamp(now),
            .timestamp(selection.upTo.createdAt), .uuid(selection.upTo.id), .int8(limit),
            .text(selection.reason.rawValue),
        ] + trace.parameters
    }

    /// The ID of no session (RFC 9562, section 5.9).
    private static let none = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}

/// Finds the newest of a user's surplus sessions, besides the new one.
struct FindSurplus: Statement {
    static let sql: StaticString = """
        SELECT created_at, id FROM sessions WHERE user_id = $1 AND id <> $2 AND expires_at > $3
        ORDER BY created_at DESC, id DESC OFFSET $4 LIMIT 1
        """
    let session: NewSession
    var parameters: [PostgresValue] {
        [
            .uuid(session.userID), .uuid(session.id), .timestamp(session.createdAt),
            .int8(SessionStore.liveLimit - 1),
        ]
    }

    static func decode(_ row: PostgresRow) throws -> SessionSelection.Place {
        SessionSelection.Place(createdAt: try row.timestamp(0), id: try row.uuid(1))
    }
}
