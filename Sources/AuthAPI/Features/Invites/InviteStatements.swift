import FoundationEssentials
import PostgresClient
import Shared

struct InsertInvite: Statement {
    static let sql: StaticString = """
        WITH removed AS (DELETE FROM invites WHERE used >= uses OR expires_at <= now()),
        made AS (
            INSERT INTO invites (id, code_hash, email, uses, created_at, expires_at)
            VALUES ($1, $2, $3, $4, now(), now() + $5 * interval '1 second') RETURNING expires_at
        ),
        noted AS (INSERT INTO audit_events (event) SELECT 'invite_created' FROM made)
        SELECT expires_at FROM made
        """
    let invite: NewInvite
    var parameters: [PostgresValue] {
        [
            .uuid(invite.id), .bytes(invite.hash), .text(orNull: invite.email?.value), .int4(invite.uses),
            .int8(invite.lifetime),
        ]
    }
    static func decode(_ row: PostgresRow) throws -> Date { try row.timestamp(0) }
}

struct FindInvites: ReadStatement {
    static let sql: StaticString = """
        SELECT id, email, uses, used, created_at, expires_at FROM invites
        WHERE used < uses AND expires_at > now() ORDER BY created_at DESC, id LIMIT $1
        """
    let limit: Int64
    var parameters: [PostgresValue] { [.int8(limit)] }

    static func decode(_ row: PostgresRow) throws -> InviteRecord {
        InviteRecord(
            id: try row.uuid(0).lowercaseText,
            email: try row.optionalText(1),
            uses: try row.int4(2),
            used: try row.int4(3),
            createdAt: try row.timestamp(4),
            expiresAt: try row.timestamp(5)
        )
    }
}

struct RevokeInvite: Statement {
    static let sql: StaticString = """
        WITH gone AS (DELETE FROM invites WHERE id = $1 RETURNING used < uses AND expires_at > now() AS was_live)
        INSERT INTO audit_events (event) SELECT 'invite_revoked' FROM gone WHERE was_live
        """
    let id: UUID
    var parameters: [PostgresValue] { [.uuid(id)] }
}

struct FindInvite: ReadStatement {
    static let sql: StaticString = """
        SELECT id FROM invites
        WHERE code_hash IN ($1, $2) AND used < uses AND expires_at > now() AND (email IS NULL OR email = $3)
        """
    let use: InviteUse
    var parameters: [PostgresValue] {
        [.bytes(use.hashes.current), .bytes(orNull: use.hashes.previous), .text(use.email)]
    }
    static func decode(_ row: PostgresRow) throws -> UUID { try row.uuid(0) }
}

struct UseInvite: Statement {
    static let sql: StaticString = """
        UPDATE invites SET used = used + 1
        WHERE code_hash IN ($1, $2) AND used < uses AND expires_at > now() AND (email IS NULL OR email = $3)
        """
    let use: InviteUse
    var parameters: [PostgresValue] {
        [.bytes(use.hashes.current), .bytes(orNull: use.hashes.previous), .text(use.email)]
    }
}
