import FoundationEssentials
import Logging
import Shared

/// A user that is to be deleted.
struct UserDeletionRequest: Sendable {
    let user: UserID
    /// The address that the user has to have, as it was shown or typed.
    let email: String
    /// Whether one statement could not end all sessions within its time.
    let hasManySessions: Bool
    /// The session that asks, which must be live; nil for an operator.
    var visitor: SignedIn?
    let trace: RequestTrace
}

/// How deleting a user ended.
enum UserDeletion: Sendable, Equatable {
    /// That user is deleted.
    case deleted
    /// The user has another address by now, and is still there.
    case changed
    /// The user is not there any more.
    case gone
}

/// Deletes users with everything that is theirs, for themselves and for operators.
struct UserDeletionService: Sendable {
    let store: UserDeletionStore
    let batches: SessionBatches
    let keys: ThrottleKeys
    let vault: ProviderTokenVault
    /// The provider that an identity belongs to, if it is on and has the identity's issuer.
    let provider: @Sendable (IdentityKey) -> (any IdentityProvider)?

    /// Deletes a user, then revokes what providers let this site do; a provider that does not answer changes nothing.
    ///
    /// - Returns: how it ended.
    /// - Throws: `unauthenticated` when the session that asks has ended; ``PostgresError``.
    func delete(_ request: UserDeletionRequest, at now: Date) async throws -> UserDeletion {
        // So many could not all go with the row within the time of one statement.
        if request.hasManySessions, try await store.isThere(request) {
            let all = SessionSelection(
                user: request.user,
                keeping: request.visitor?.sessionID,
                reason: request.visitor == nil ? .operator : .owner
            )
            _ = try await batches.end(all, from: request.trace, at: now)
        }
        // An address that was moved over may keep to no rule.
        let subject = (try? EmailAddress(exactly: request.email)).map(keys.account)
        let (deletion, grants) = try await store.delete(request, subject: subject, at: now)
        await revoke(grants)
        return deletion
    }

    private func revoke(_ grants: [ProviderGrant]) async {
        await withTaskGroup(of: Void.self) { group in
            for grant in grants {
                guard let provider = provider(grant.key), let token = token(of: grant) else { continue }
                group.addTask {
                    let name: Logger.MetadataValue = .string(grant.key.provider.rawValue)
                    do throws(ProviderError) {
                        try await provider.revoke(token)
                        Logger.current.info("provider token revoked", metadata: ["provider": name])
                    } catch {
                        Logger.current.warning(
                            "provider token not revoked",
                            metadata: ["provider": name, "reason": "\(error.reason)"]
                        )
                    }
                }
            }
        }
    }

    /// The token that ends the whole grant: a refresh token takes its access tokens along (RFC 7009, section 2.1).
    private func token(of grant: ProviderGrant) -> Secret? {
        let columns: [(sealed: [UInt8]?, column: ProviderTokenVault.Column)] = [
            (grant.refreshToken, .refreshToken), (grant.accessToken, .accessToken),
        ]
        return columns.lazy.compactMap { sealed, column in
            sealed.flatMap { vault.open($0, version: grant.version, for: grant.key, in: column) }
        }.first
    }
}
