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
    /// that a concurrent sign-in through it is either complete or finds it disconnected. Very many sessions end in
    /// several transactions, of which the last one disconnects.
    func unlink(
        _ identity: IdentityID,
        of visitor: SignedIn,
        from trace: RequestTrace,
        check: @escaping @Sendable (SignInMethods) throws -> Void
    ) async throws {
        let userID = visitor.user.id
        var isDone = false
        while !isDone {
            // Each batch may take as long as a whole request.
            isDone = try await DatabaseBudget.$current.withValue(DatabaseBudget()) {
                try await postgres.transaction(retrying: true) { db in
                    let user = try db.first(LockUser(id: userID))
                    if user?.isDisabled == true { throw APIError(.unauthenticated) }
                    try check(
                        SignInMethods(
                            identities: try db.all(FindIdentities(user: userID)),
                            hasPassword: user?.hasPassword ?? false
                        )
                    )
                    guard let provider = try db.first(LockOwnIdentity(id: identity, user: userID)) else { return true }
                    try db.run(KeepRequestingSession(identity: identity, visitor: visitor))
                    let batch = EndSessionsThrough(identity: identity, at: provider, visitor: visitor, trace: trace)
                    guard try db.run(batch) < SessionBatches.size else { return false }
                    try db.run(DisconnectIdentity(id: identity, visitor: visitor, trace: trace))
                    return true
                }
            }
        }
    }
}
