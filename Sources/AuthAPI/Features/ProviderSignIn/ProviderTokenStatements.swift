import FoundationEssentials
import PostgresClient
import Shared

/// The encrypted tokens of a row, with its key.
struct StoredTokens: Sendable {
    let id: UUID
    let key: IdentityKey
    let accessToken: [UInt8]?
    let refreshToken: [UInt8]?
    let version: Int32
}

/// The number of rows with tokens.
struct CountTokens: Statement {
    static let sql: StaticString = """
        SELECT count(*) FROM oauth_accounts WHERE access_token IS NOT NULL OR refresh_token IS NOT NULL
        """
    static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
}

/// Locks the next rows whose tokens the current key has not encrypted.
struct LockOldTokens: Statement {
    static let sql: StaticString = """
        SELECT id, provider, provider_user_id, issuer, access_token, refresh_token, key_version FROM oauth_accounts
        WHERE key_version <> $1 AND id > $2 AND (access_token IS NOT NULL OR refresh_token IS NOT NULL)
        ORDER BY id LIMIT $3 FOR UPDATE
        """
    let version: Int32
    let after: UUID
    let limit: Int64
    var parameters: [PostgresValue] { [.int4(version), .uuid(after), .int8(limit)] }

    static func decode(_ row: PostgresRow) throws -> StoredTokens {
        StoredTokens(
            id: try row.uuid(0),
            key: IdentityKey(provider: try row.provider(1), issuer: try row.text(3), subject: try row.text(2)),
            accessToken: try row.optionalBytes(4),
            refreshToken: try row.optionalBytes(5),
            version: try row.int4(6)
        )
    }
}

/// Replaces the tokens of a row.
struct ReplaceTokens: Statement {
    static let sql: StaticString = """
        UPDATE oauth_accounts SET access_token = $2, refresh_token = $3, key_version = $4 WHERE id = $1
        """
    let id: UUID
    let tokens: SealedTokens
    var parameters: [PostgresValue] {
        [
            .uuid(id), .bytes(orNull: tokens.accessToken), .bytes(orNull: tokens.refreshToken), .int4(tokens.version),
        ]
    }
}
