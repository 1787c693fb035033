import FoundationEssentials
import PostgresClient
import Shared

/// The operations of operators on users; the API does not offer them.
struct OperatorService: Sendable {
    let settings: APISettings
    let postgres: PostgresPool
    let hasher: PasswordHasher
    let providers: IdentityProviders

    var store: OperatorStore { OperatorStore(postgres: postgres) }
    var imports: UserImportStore { UserImportStore(postgres: postgres) }
    var invites: InviteStore { InviteStore(postgres: postgres) }
    var keys: ThrottleKeys { ThrottleKeys(secretKey: settings.secretKeys.current) }
    var audit: AuditService {
        AuditService(
            store: AuditStore(postgres: postgres),
            keys: keys,
            previousKeys: settings.secretKeys.previous.map { ThrottleKeys(secretKey: $0) }
        )
    }
    var rotation: ProviderTokenRotation {
        ProviderTokenRotation(postgres: postgres, vault: ProviderTokenVault(settings.secretKeys))
    }

    /// Creates a user who can sign in with a password; opens no session.
    ///
    /// - Throws: `email_taken`.
    func create(_ registration: UserService.Registration) async throws -> UserRecord? {
        let hash = try await hasher.hash(registration.password)
        let new = User(
            id: .random(),
            email: registration.email.value,
            name: registration.name.value,
            avatarURL: nil
        )
        try await UserStore(postgres: postgres).create(new, passwordHash: hash, session: nil, from: .operator)
        return try await store.user(.id(new.id))
    }

    /// Deletes a user, with all their data.
    ///
    /// - Parameter shown: the record that was shown to the operator.
    /// - Returns: the result.
    /// - Throws: `PostgresError`.
    func delete(_ shown: UserRecord) async throws -> UserDeletion {
        let deletion = UserDeletionService(
            store: UserDeletionStore(postgres: postgres),
            batches: SessionBatches(postgres: postgres),
            keys: keys,
            vault: ProviderTokenVault(settings.secretKeys),
            provider: { [providers] in providers[$0] }
        )
        return try await deletion.delete(
            UserDeletionRequest(
                user: shown.id,
                email: shown.email,
                hasManySessions: shown.sessions > SessionBatches.size,
                trace: .operator
            ),
            at: .now
        )
    }
}
