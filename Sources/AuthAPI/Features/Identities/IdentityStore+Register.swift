import PostgresClient
import Shared

extension IdentityStore {
    /// Stores a new account with an unverified address, the identity that it belongs to, and its first session, in one
    /// transaction.
    ///
    /// The address is not looked up: an existing user keeps it. Of two concurrent calls for one identity, the second finds
    /// it linked, even if the first also took the address or the last use of an invitation.
    ///
    /// - Throws: `no_pending_connection` when the identity was linked or disconnected; `email_taken`;
    ///   ``RegistrationPolicy/Rejection`` when the invitation is no longer live.
    func register(
        _ key: IdentityKey,
        as identity: IdentityID,
        of user: User,
        session: NewSession,
        using invite: InviteUse?
    ) async throws {
        let insertion = InsertProviderAccount(
            user: user,
            provider: key.provider,
            verifiedAt: nil,
            trace: session.trace
        )
        let link = InsertIdentity(
            key,
            email: nil,
            of: user.id,
            version: vault.version,
            cause: LinkCause(reason: .registration, session: nil, trace: session.trace),
            id: identity
        )
        try await postgres.transaction(retrying: true) { db in
            try requireUnknown(key, in: db)
            do throws(any Error) {
                if let invite { try InviteStore.use(invite, in: db) }
                guard try db.run(insertion) > 0 else { throw UserStore.emailTaken }
            } catch  where !(error is PostgresError) {
                // These statements may have waited for a transaction that linked or disconnected the identity.
                try requireUnknown(key, in: db)
                throw error
            }
            guard try db.run(link) > 0 else { throw APIError.noPendingAddress }
            guard try db.one(InsertSession(session: session)).isStored else { throw APIError.noPendingAddress }
            try SessionStore.endReplaced(by: session, in: db)
        }
    }

    /// Checks that an identity is neither linked nor disconnected.
    ///
    /// The order matters: the second statement finds an identity that is disconnected between the two.
    private func requireUnknown(_ key: IdentityKey, in db: PostgresConnection) throws {
        guard try db.first(FindOwner(key: key)) == nil, try db.first(FindDisconnection(key: key)) == nil else {
            throw APIError.noPendingAddress
        }
    }
}
