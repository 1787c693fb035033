import FoundationEssentials
import PostgresClient

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
