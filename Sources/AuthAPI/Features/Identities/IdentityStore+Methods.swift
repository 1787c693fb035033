import FoundationEssentials
import PostgresClient
import Shared

extension IdentityStore {
    /// How a user can sign in.
    func methods(of user: UserID) async throws -> SignInMethods {
        try await postgres.reading { db in
            SignInMethods(
                identities: try db.all(FindIdentities(user: user)),
                hasPassword: try db.first(HasPassword(user: user)) ?? false
            )
        }
    }

    /// Disconnects an identity if `check` allows it, and ends the sessions that it opened, except the requesting one.
    ///
    /// Locks the user, so that of two concurrent requests the second sees the result of the first; then the identity, so
    /// that a concurrent sign-in through it is either complete or finds it disconnected.
    func unlink(
        _ identity: IdentityID,
        of visitor: SignedIn,
        from trace: RequestTrace,
        check: @escaping @Sendable (SignInMethods) throws -> Void
    ) async throws {
        let userID = visitor.user.id
        try await postgres.transaction(retrying: true) { db in
            let user = try db.first(LockUser(id: userID))
            try check(
                SignInMethods(
                    identities: try db.all(FindIdentities(user: userID)),
                    hasPassword: user?.hasPassword ?? false
                )
            )
            guard let provider = try db.first(LockOwnIdentity(id: identity, user: userID)) else { return }
            try db.run(KeepRequestingSession(identity: identity, visitor: visitor))
            try db.run(EndSessionsThrough(identity: identity, at: provider, visitor: visitor, trace: trace))
            try db.run(DisconnectIdentity(id: identity, visitor: visitor, trace: trace))
        }
    }
}

private struct HasPassword: ReadStatement {
    static let sql: StaticString = "SELECT password_hash IS NOT NULL FROM users WHERE id = $1"
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

private struct FindIdentities: ReadStatement {
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
