import FoundationEssentials
import Shared

extension IdentityStore {
    /// The ways in which a user can sign in.
    func methods(of user: AccountID) async throws -> SignInMethods {
        try await postgres.withConnection { db in
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
        of user: AccountID,
        check: @escaping @Sendable (SignInMethods) throws -> Void
    ) async throws {
        try await postgres.transaction(retrying: true) { db in
            let account = try db.first(LockAccount(id: user))
            try check(
                SignInMethods(
                    identities: try db.all(FindIdentities(account: user)),
                    hasPassword: account?.hasPassword ?? false
                )
            )
            try db.run(DeleteIdentity(id: identity, account: user))
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
    static let sql: StaticString = "DELETE FROM oauth_accounts WHERE id = $1 AND user_id = $2"
    let id: IdentityID
    let account: AccountID
    var parameters: [PostgresValue] { [.uuid(id), .uuid(account)] }
}
