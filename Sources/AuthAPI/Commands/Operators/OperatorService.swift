import FoundationEssentials
import Shared

/// What an operator may do with users beyond single statements; the API offers none of it.
struct OperatorService: Sendable {
    let store: OperatorStore
    let users: UserStore
    let hasher: PasswordHasher
    let audit: AuditService

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
        // An address that was moved over may keep to no rule.
        let subject = (try? EmailAddress(exactly: shown.email)).map(audit.keys.account)
        // So many could not all go with the row within the time of one statement.
        if shown.sessions > SessionBatches.size, let current = try await store.user(.id(id)),
            current.email == shown.email
        {
            _ = try await store.endSessions(of: .id(id))
        }
        return try await store.delete(id, email: shown.email, subject: subject)
    }
}
