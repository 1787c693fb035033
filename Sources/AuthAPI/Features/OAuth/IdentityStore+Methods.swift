import FoundationEssentials
import Shared

extension IdentityStore {
    /// The ways in which a user can sign in.
    func methods(of user: AccountID) async throws -> SignInMethods {
        try await postgres.reading { db in
            SignInMethods(
                identities: try db.all(FindIdentities(account: user)),
                hasPassword: try db.first(HasPassword(account: user)) ?? false
            )
        }
    }

    /// Unlinks an identity if `check` allows it, with the user locked: of two requests that would each leave the other's
    /// identity as the last way in, the second sees that.
    func unlink(
        _ identity: IdentityID,
        of visitor: SignedIn,
        from origin: Origin,
        check: @escaping @Sendable (SignInMethods) throws -> Void
    ) async throws {
        let user = visitor.account.id
        try await postgres.transaction(retrying: true) { db in
            let account = try db.first(LockAccount(id: user))
            try check(
                SignInMethods(
                    identities: try db.all(FindIdentities(account: user)),
                    hasPassword: account?.hasPassword ?? false
                )
            )
            try db.run(DeleteIdentity(id: identity, visitor: visitor, origin: origin))
        }
    }
}

private struct HasPassword: Statement {
    static let sql: StaticString = "SELECT password_hash IS NOT NULL FROM users WHERE id = $1"
    let account: AccountID
    var parameters: [PostgresValue] { [.uuid(account)] }
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

private struct FindIdentities: Statement {
    static let sql: StaticString = """
        SELECT id, provider, email, created_at FROM oauth_accounts WHERE user_id = $1 ORDER BY created_at, id
        """
    let account: AccountID
    var parameters: [PostgresValue] { [.uuid(account)] }

    static func decode(_ row: PostgresRow) throws -> LinkedIdentity {
        LinkedIdentity(
            id: try row.uuid(0),
            provider: try row.provider(1),
            email: try row.optionalText(2),
            linkedAt: try row.timestamp(3)
        )
    }
}

private struct DeleteIdentity: Statement {
    static let sql: StaticString = """
        WITH unlinked AS (DELETE FROM oauth_accounts WHERE id = $1 AND user_id = $2 RETURNING user_id, provider)
        INSERT INTO audit_events (event, user_id, provider, session_id, device_id, address, user_agent, request_id)
        SELECT 'provider_unlinked', user_id, provider, $3, $4, $5, $6, $7 FROM unlinked
        """
    let id: IdentityID
    let visitor: SignedIn
    let origin: Origin
    var parameters: [PostgresValue] {
        [.uuid(id), .uuid(visitor.account.id), .uuid(visitor.sessionID)] + origin.parameters
    }
}
