import FoundationEssentials
import Shared

/// What an operator may do with users beyond single statements; the API offers none of it.
struct OperatorService: Sendable {
    let store: OperatorStore
    let users: UserStore
    let hasher: PasswordHasher
    let audit: AuditService
    let deletion: UserDeletionService
    let imports: UserImportStore
    let throttleLimits: ThrottleLimits
    let recoveries: RecoveryStore
    let recoveryCodes: OneTimeCodeKeys
    let invites: InviteStore
    let inviteCodes: OneTimeCodeKeys
    let registration: RegistrationSettings
    /// The address that links lead to.
    let publicURL: WebOrigin

    /// Makes a user who can sign in with a password; opens no session.
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

    /// Deletes the user that was shown, with everything that is theirs.
    ///
    /// - Parameter shown: the record as the operator saw it.
    /// - Returns: how it ended.
    /// - Throws: `PostgresError`.
    func delete(_ shown: UserRecord) async throws -> UserDeletion {
        guard let id = UserID(uuidString: shown.id) else { return .gone }
        return try await deletion.delete(
            UserDeletionRequest(
                user: id,
                email: shown.email,
                hasManySessions: shown.sessions > SessionBatches.size,
                trace: .operator
            ),
            at: .now
        )
    }
}
