import FoundationEssentials
import Shared

/// What an operator may do with users and sessions; the API offers none of it.
struct AdministrationService: Sendable {
    let store: AdministrationStore
    let accounts: AccountStore
    let hasher: PasswordHasher
    let audit: AuditService
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }

    /// Users, newest first; with `search`, those whose email or name contains it, whatever its case.
    ///
    /// - Returns: nil when the row to go on behind is not there.
    func users(_ page: PageRequest, search: String? = nil) async throws -> [AccountRecord]? {
        try await store.users(page, search: search, at: now())
    }

    /// The user that is meant; nil when there is none.
    func user(_ reference: AccountReference) async throws -> AccountRecord? {
        try await store.user(reference, at: now())
    }

    /// Makes a user who can sign in with a password; opens no session.
    ///
    /// - Throws: `email_taken`.
    func create(_ registration: AccountService.Registration) async throws -> AccountRecord? {
        let hash = try await hasher.hash(registration.password)
        let account = Account(
            id: .random(),
            email: registration.email.value,
            name: registration.name.value,
            avatarURL: nil
        )
        try await accounts.create(account, passwordHash: hash, session: nil, from: .operator)
        return try await user(.id(account.id))
    }

    /// Deletes the user that was shown, with everything that is theirs.
    ///
    /// - Parameter shown: the record as the operator saw it.
    /// - Returns: how it ended.
    /// - Throws: `PostgresError`.
    func delete(_ shown: AccountRecord) async throws -> AccountDeletion {
        guard let id = AccountID(uuidString: shown.id) else { return .gone }
        // An address that was moved over may keep to no rule.
        let subject = (try? EmailAddress(exactly: shown.email)).map(audit.keys.account)
        // So many could not all go with the row within the time of one statement.
        if shown.sessions > SessionBatches.size, let current = try await user(.id(id)), current.email == shown.email {
            _ = try await endSessions(of: .id(id))
        }
        return try await store.delete(id, email: shown.email, subject: subject)
    }

    /// Signs a user out everywhere.
    ///
    /// - Returns: how many live sessions were ended; nil when there is no such user.
    func endSessions(of reference: AccountReference) async throws -> Int? {
        try await store.endSessions(of: reference, at: now())
    }

    /// Live sessions, newest first; with a user, theirs only.
    ///
    /// - Returns: nil when the row to go on behind is not there.
    func sessions(_ page: PageRequest, of reference: AccountReference? = nil) async throws -> [SessionRecord]? {
        try await store.sessions(page, of: reference, at: now())
    }

    /// Ends one session.
    ///
    /// - Returns: whether there was such a live session.
    func endSession(_ session: SessionID) async throws -> Bool { try await store.endSession(session, at: now()) }
}
