import FoundationEssentials
import Shared

/// The operations of operators on users; the API does not offer them.
struct OperatorService: Sendable {
    let store: OperatorStore
    let users: UserStore
    let hasher: PasswordHasher
    let audit: AuditService
    let deletion: UserDeletionService
    let rotation: ProviderTokenRotation
    let imports: UserImportStore
    let throttleLimits: ThrottleLimits
    let recoveries: RecoveryStore
    let recoveryCodes: OneTimeCodeKeys
    let invites: InviteStore
    let inviteCodes: OneTimeCodeKeys
    let registration: RegistrationSettings
    /// The URL of the site, for links.
    let publicURL: WebOrigin

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
        try await users.create(new, passwordHash: hash, session: nil, from: .operator)
        return try await store.user(.id(new.id))
    }

    /// Deletes a user, with all their data.
    ///
    /// - Parameter shown: the record that was shown to the operator.
    /// - Returns: the result.
    /// - Throws: `PostgresError`.
    func delete(_ shown: UserRecord) async throws -> UserDeletion {
        try await deletion.delete(
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
