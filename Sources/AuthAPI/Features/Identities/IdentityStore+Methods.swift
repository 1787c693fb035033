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
