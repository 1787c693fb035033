import FoundationEssentials
import PostgresClient
import Shared

/// Access to invitations in the database; expiry uses its clock.
struct InviteStore: Sendable {
    let postgres: PostgresPool

    /// Stores an invitation, and removes those that can no longer be used; returns the expiry.
    func create(_ invite: NewInvite) async throws -> Date {
        try await postgres.withConnection { try $0.one(InsertInvite(invite: invite)) }
    }

    /// The live invitations, newest first.
    func live(limit: Int64) async throws -> [InviteRecord] {
        try await postgres.reading { try $0.all(FindInvites(limit: limit)) }
    }

    /// Removes an invitation.
    ///
    /// - Returns: whether there was a live one.
    func revoke(_ id: UUID) async throws -> Bool {
        try await postgres.withConnection { try $0.run(RevokeInvite(id: id)) } > 0
    }

    /// Whether an invitation is live.
    func isLive(_ use: InviteUse) async throws -> Bool {
        try await postgres.reading { try $0.first(FindInvite(use: use)) } != nil
    }

    /// Counts the use of an invitation, at the start of the transaction that creates the account.
    ///
    /// Concurrent uses wait for each other, so an invitation never creates too many accounts.
    ///
    /// - Throws: ``RegistrationPolicy/Rejection`` when it is no longer live.
    static func use(_ use: InviteUse, in db: PostgresConnection) throws {
        guard try db.run(UseInvite(use: use)) > 0 else { throw RegistrationPolicy.Rejection.notInvited }
    }
}

private struct InsertInvite: Statement {
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

private struct FindInvites: ReadStatement {
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

private struct RevokeInvite: Statement {
    static let sql: StaticString = """
        WITH gone AS (DELETE FROM invites WHERE id = $1 RETURNING used < uses AND expires_at > now() AS was_live)
        INSERT INTO audit_events (event) SELECT 'invite_revoked' FROM gone WHERE was_live
        """
    let id: UUID
    var parameters: [PostgresValue] { [.uuid(id)] }
}

private struct FindInvite: ReadStatement {
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

private struct UseInvite: Statement {
    static let sql: StaticString = """
        UPDATE invites SET used = used + 1
        WHERE code_hash IN ($1, $2) AND used < uses AND expires_at > now() AND (email IS NULL OR email = $3)
        """
    let use: InviteUse
    var parameters: [PostgresValue] {
        [.bytes(use.hashes.current), .bytes(orNull: use.hashes.previous), .text(use.email)]
    }
}
