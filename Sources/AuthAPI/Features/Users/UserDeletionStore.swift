import FoundationEssentials
import PostgresClient
import Shared

/// The stored provider tokens of a user.
struct ProviderGrant: Sendable {
    let key: IdentityKey
    let accessToken: [UInt8]?
    let refreshToken: [UInt8]?
    let version: Int32
}

/// Deletes users in the database.
struct UserDeletionStore: Sendable {
    let postgres: PostgresPool

    /// Whether the user exists and has the email address.
    func matches(_ request: UserDeletionRequest) async throws -> Bool {
        let email = try await postgres.withConnection { try $0.first(FindEmail(user: request.user)) }
        return email?.isExactly(request.email) == true
    }

    /// Deletes a user if the email address is still the one that was shown or typed; identities and sessions are
    /// deleted with the row.
    ///
    /// The user is locked first: a concurrent sign-in or link either completes before, or finds no user. The event
    /// contains a keyed hash of the address, so that an operator can find later what happened to the account.
    ///
    /// - Returns: the result, and the tokens to revoke at providers.
    /// - Throws: `unauthenticated` when the caller's session has ended.
    func delete(
        _ request: UserDeletionRequest,
        subject: ThrottleKey?,
        at now: Date
    ) async throws -> (UserDeletion, [ProviderGrant]) {
        try await postgres.transaction(retrying: true) { db in
            guard let locked = try db.first(LockUser(id: request.user)) else { return (.gone, []) }
            guard locked.user.email.isExactly(request.email) else { return (.changed, []) }
            if let visitor = request.visitor,
                try db.first(HoldSession(session: visitor.sessionID, user: request.user, now: now)) == nil
            {
                throw APIError(.unauthenticated)
            }
            let grants = try db.all(FindGrants(user: request.user))
            try db.run(DeleteUser(request: request, subject: subject))
            return (.deleted, grants)
        }
    }
}
