import FoundationEssentials
import Logging
import Shared

/// A user to delete.
struct UserDeletionRequest: Sendable {
    let user: UserID
    /// The expected email address, as it was shown or typed.
    let email: String
    /// Whether there are too many sessions to end within the timeout of one statement.
    let hasManySessions: Bool
    /// The session of the request, which must be live; nil for an operator.
    var visitor: SignedIn?
    let trace: RequestTrace
}

/// The result of a deletion.
enum UserDeletion: Sendable, Equatable {
    /// The user was deleted.
    case deleted
    /// The user has another address now and was not deleted.
    case changed
    /// The user no longer exists.
    case gone
}

/// Deletes users and all their data, for the users themselves and for operators.
struct UserDeletionService: Sendable {
    let store: UserDeletionStore
    let batches: SessionBatches
    let keys: ThrottleKeys
    let vault: ProviderTokenVault
    /// The provider that an identity belongs to, if it is on and has the identity's issuer.
    let provider: @Sendable (IdentityKey) -> (any IdentityProvider)?

    /// Deletes a user, then revokes the tokens at providers; a provider that does not respond has no effect on the result.
    ///
    /// - Returns: the result.
    /// - Throws: `unauthenticated` when the session of the request has ended; ``PostgresError``.
    func delete(_ request: UserDeletionRequest, at now: Date) async throws -> UserDeletion {
        // Too many to delete with the row within the timeout of one statement.
        if request.hasManySessions, try await store.matches(request) {
            let all = SessionSelection(
                user: request.user,
                keeping: request.visitor?.sessionID,
                reason: request.visitor == nil ? .operator : .owner
            )
            _ = try await batches.end(all, from: request.trace, at: now)
        }
        // The address of a migrated user may violate the rules.
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

    /// The token that ends the whole grant: revoking a refresh token also revokes its access tokens (RFC 7009, section 2.1).
    private func token(of grant: ProviderGrant) -> Secret? {
        let columns: [(sealed: [UInt8]?, column: ProviderTokenVault.Column)] = [
            (grant.refreshToken, .refreshToken), (grant.accessToken, .accessToken),
        ]
        return columns.lazy.compactMap { sealed, column in
            sealed.flatMap { vault.open($0, version: grant.version, for: grant.key, in: column) }
        }.first
    }
}
