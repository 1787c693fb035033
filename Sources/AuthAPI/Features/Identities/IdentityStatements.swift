import FoundationEssentials
import PostgresClient
import Shared

extension PostgresRow {
    /// A provider's name that is not NULL.
    func provider(_ column: Int) throws -> OAuthProvider {
        guard let provider = OAuthProvider(exactly: try text(column)) else {
            throw unknown("provider")
        }
        return provider
    }
}

/// A user's row, locked against changes, and the data for the linking rules.
struct LockedUser: Sendable {
    let user: User
    /// Whether a provider has verified the email.
    let isVerified: Bool
    let hasPassword: Bool
    let isDisabled: Bool
}

/// The user that an identity is linked to.
struct FindOwner: Statement {
    // Rows of older versions have no issuer.
    static let sql: StaticString = """
        SELECT user_id FROM oauth_accounts WHERE provider = $1 AND provider_user_id = $2 AND issuer IN ($3, '')
        ORDER BY issuer DESC LIMIT 1
        """
    let key: IdentityKey
    var parameters: [PostgresValue] { key.parameters }
    static func decode(_ row: PostgresRow) throws -> UserID { try row.uuid(0) }
}

/// Locks a user; opening a session waits.
struct LockUser: Statement {
    static let sql: StaticString = """
        SELECT id, email, name, avatar_url, email_verified_at IS NOT NULL, password_hash IS NOT NULL,
            disabled_at IS NOT NULL
        FROM users WHERE id = $1 FOR NO KEY UPDATE
        """
    let id: UserID
    var parameters: [PostgresValue] { [.uuid(id)] }

    static func decode(_ row: PostgresRow) throws -> LockedUser {
        LockedUser(
            user: try User(row, from: 0),
            isVerified: try row.bool(4),
            hasPassword: try row.bool(5),
            isDisabled: try row.bool(6)
        )
    }
}

/// Locks the user who has an identity's email.
struct LockAccountByEmail: Statement {
    struct Row: Sendable {
        let user: User
        let facts: LinkingPolicy.SameEmail
    }

    static let sql: StaticString = """
        SELECT id, email, name, avatar_url, email_verified_at IS NOT NULL, password_hash IS NOT NULL,
            EXISTS (SELECT FROM oauth_accounts WHERE user_id = users.id AND provider = $2), disabled_at IS NOT NULL
        FROM users WHERE lower(email) = $1 FOR NO KEY UPDATE
        """
    let email: EmailAddress
    let provider: OAuthProvider
    var parameters: [PostgresValue] { [.text(email.value), .text(provider.rawValue)] }

    static func decode(_ row: PostgresRow) throws -> Row {
        Row(
            user: try User(row, from: 0),
            facts: LinkingPolicy.SameEmail(
                isVerified: try row.bool(4),
                hasPassword: try row.bool(5),
                hasProvider: try row.bool(6),
                isDisabled: try row.bool(7)
            )
        )
    }
}

/// Prevents a live session from ending until the end of the transaction; no row when it is not live.
///
/// Sessions of a disabled user are not live, even those that are still stored.
struct HoldSession: Statement {
    static let sql: StaticString = """
        SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3
            AND EXISTS (SELECT FROM users WHERE users.id = $2 AND disabled_at IS NULL)
        FOR KEY SHARE
        """
    let session: SessionID
    let user: UserID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(session), .uuid(user), .timestamp(now)] }
    static func decode(_ row: PostgresRow) throws -> SessionID { try row.uuid(0) }
}

/// Locks a user's identity and reads the values that may have to be kept.
struct LockIdentity: Statement {
    struct Row: Sendable {
        let id: UUID
        let refreshToken: [UInt8]?
        let version: Int32
    }

    static let sql: StaticString = """
        SELECT id, refresh_token, key_version FROM oauth_accounts
        WHERE provider = $1 AND provider_user_id = $2 AND issuer IN ($3, '') AND user_id = $4
        ORDER BY issuer DESC LIMIT 1 FOR UPDATE
        """
    let key: IdentityKey
    let user: UserID
    var parameters: [PostgresValue] { key.parameters + [.uuid(user)] }

    static func decode(_ row: PostgresRow) throws -> Row {
        Row(id: try row.uuid(0), refreshToken: try row.optionalBytes(1), version: try row.int4(2))
    }
}

/// Stores the data from the provider at the latest sign-in.
struct UpdateIdentity: Statement {
    static let sql: StaticString = """
        UPDATE oauth_accounts
        SET email = $2, access_token = $3, refresh_token = $4, key_version = $5, expires_at = $6, issuer = $7
        WHERE id = $1
        """
    let id: UUID
    /// The verified address at the provider.
    let email: EmailAddress?
    let issuer: String
    let tokens: SealedTokens
    var parameters: [PostgresValue] {
        [
            .uuid(id), .text(orNull: email?.value), .bytes(orNull: tokens.accessToken),
            .bytes(orNull: tokens.refreshToken), .int4(tokens.version), .timestamp(orNull: tokens.expiresAt),
            .text(issuer),
        ]
    }
}

/// The origin of a new link, for its event: method, session and request.
struct LinkCause: Sendable {
    let reason: LinkReason
    let session: SessionID?
    let trace: RequestTrace

    fileprivate var parameters: [PostgresValue] {
        [.text(reason.rawValue), .uuid(orNull: session)] + trace.parameters
    }
}

/// Links an identity to a user, or does nothing when it, or another one of its provider, is already linked: an error would
/// write both to the server's log.
struct InsertIdentity: Statement {
    static let sql: StaticString = """
        WITH linked AS (
            INSERT INTO oauth_accounts
                (user_id, provider, provider_user_id, email, access_token, refresh_token, key_version, expires_at, id,
                issuer)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $15, $16) ON CONFLICT DO NOTHING RETURNING user_id, provider
        )
        INSERT INTO audit_events
            (event, user_id, provider, detail, session_id, device_id, address, user_agent, request_id)
        SELECT 'provider_linked', user_id, provider, $9, $10, $11, $12, $13, $14 FROM linked
        """
    /// The link's identifier.
    let id: IdentityID
    let parameters: [PostgresValue]

    /// Links it with the tokens of a sign-in; `email` is the verified address at the provider.
    init(
        _ key: IdentityKey,
        email: EmailAddress?,
        of user: UserID,
        tokens: SealedTokens,
        cause: LinkCause
    ) {
        id = .random()
        parameters =
            [
                .uuid(user), .text(key.provider.rawValue), .text(key.subject), .text(orNull: email?.value),
                .bytes(orNull: tokens.accessToken), .bytes(orNull: tokens.refreshToken), .int4(tokens.version),
                .timestamp(orNull: tokens.expiresAt),
            ] + cause.parameters + [.uuid(id), .text(key.issuer)]
    }

    /// Links it without tokens; the version is that of the key that will encrypt the first tokens.
    init(
        _ key: IdentityKey,
        email: EmailAddress?,
        of user: UserID,
        version: Int32,
        cause: LinkCause,
        id: IdentityID = .random()
    ) {
        self.id = id
        parameters =
            [
                .uuid(user), .text(key.provider.rawValue), .text(key.subject), .text(orNull: email?.value), .nullBytes,
                .nullBytes, .int4(version), .nullTimestamp,
            ] + cause.parameters + [.uuid(id), .text(key.issuer)]
    }
}

/// Stores a user without a password, or nothing when the address is taken.
struct InsertProviderAccount: Statement {
    static let sql: StaticString = """
        WITH made AS (
            INSERT INTO users (id, email, name, avatar_url, email_verified_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (lower(email)) DO NOTHING RETURNING id
        )
        INSERT INTO audit_events (event, user_id, provider, device_id, address, user_agent, request_id)
        SELECT 'registered', id, $6, $7, $8, $9, $10 FROM made
        """
    let user: User
    let provider: OAuthProvider
    /// When the provider verified the address; nil if it did not.
    let verifiedAt: Date?
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [
            .uuid(user.id), .text(user.email), .text(user.name), .text(orNull: user.avatarURL),
            .timestamp(orNull: verifiedAt), .text(provider.rawValue),
        ] + trace.parameters
    }
}

/// Records when a provider verified a user's email.
struct MarkVerified: Statement {
    static let sql: StaticString = "UPDATE users SET email_verified_at = $2 WHERE id = $1"
    let user: UserID
    let now: Date
    var parameters: [PostgresValue] { [.uuid(user), .timestamp(now)] }
}

/// Stores the address of a user's picture.
struct UpdatePicture: Statement {
    static let sql: StaticString = "UPDATE users SET avatar_url = $2 WHERE id = $1"
    let user: UserID
    let url: String
    var parameters: [PostgresValue] { [.uuid(user), .text(url)] }
}

/// Whether a user has a password.
struct HasPassword: ReadStatement {
    static let sql: StaticString = "SELECT password_hash IS NOT NULL FROM users WHERE id = $1"
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

/// A user's identities, oldest first.
struct FindIdentities: ReadStatement {
    static let sql: StaticString = """
        SELECT id, provider, issuer, email, created_at FROM oauth_accounts WHERE user_id = $1 ORDER BY created_at, id
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }

    static func decode(_ row: PostgresRow) throws -> LinkedIdentity {
        LinkedIdentity(
            id: try row.uuid(0),
            provider: try row.provider(1),
            issuer: try row.text(2),
            email: try row.optionalText(3),
            linkedAt: try row.timestamp(4)
        )
    }
}
