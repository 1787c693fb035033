import FoundationEssentials
import Logging
import PostgresClient
import Shared

/// The rules of sessions.
struct SessionService: Sendable {
    let store: SessionStore
    let gate: PasswordGate
    let hasher: PasswordHasher
    let tokens: TokenIssuer
    var now: @Sendable () -> Date = { Date.now }

    /// Checks email address and password and opens a session.
    ///
    /// Links a pending provider account, and ends the sessions of the browser's tokens.
    ///
    /// - Throws: `invalid_credentials`, `too_many_requests`, `overloaded`, and with a pending account
    ///   `no_pending_connection`.
    func signIn(
        email: EmailAddress,
        password: Password,
        linking pending: PendingLink? = nil,
        replacing presented: [Secret] = [],
        from trace: RequestTrace
    ) async throws -> OpenedSession {
        // Twice, because the checked hash may have been replaced: by a new password, by another sign-in that upgraded
        // it, or with the user. The second check determines which.
        for _ in 1...2 {
            let checked = try await gate.check(password, of: email, from: trace)
            let found = checked.credentials
            let session = try await prepare(for: found.user, replacing: presented, from: checked.trace)
            let upgrade = checked.needsUpgrade ? await hashUpgrade(of: found, password: password) : nil
            let isStored = try await store.insert(
                session.row,
                checkedHash: found.passwordHash,
                upgrade: upgrade,
                linking: pending,
                refunding: checked.attempts
            )
            if isStored { return OpenedSession(user: found.user, token: session.token) }
            await gate.refund(checked.attempts)
        }
        throw Self.changing
    }

    /// Opens a session for the account of a linked identity, which replaces those of the given tokens.
    ///
    /// - Throws: ``UserNotFound``, including when the identity was disconnected.
    func open(
        for user: User,
        through provider: OAuthProvider,
        identity: IdentityID,
        replacing presented: [Secret],
        from trace: RequestTrace
    ) async throws -> OpenedSession {
        let session = try await prepare(
            for: user,
            through: provider,
            identity: identity,
            replacing: presented,
            from: trace
        )
        guard try await store.insert(session.row) else { throw UserNotFound() }
        return OpenedSession(user: user, token: session.token)
    }

    /// The stored hashes of the valid tokens, without duplicates and in a fixed order, so that concurrent transactions
    /// that end them do not deadlock.
    private func hashes(of tokens: [Secret]) async -> [TokenHash] {
        var hashes: [TokenHash] = []
        for token in tokens {
            let hash = TokenHash(of: token)
            guard !hashes.contains(hash), await self.tokens.isValid(token, hash: hash, at: now()) else { continue }
            hashes.append(hash)
        }
        return hashes.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// A new session for an account, with its token, which replaces those of the given tokens.
    func prepare(
        for user: User,
        through provider: OAuthProvider? = nil,
        identity: IdentityID? = nil,
        replacing presented: [Secret] = [],
        from trace: RequestTrace
    ) async throws -> (row: NewSession, token: Secret) {
        let id = SessionID.random()
        let createdAt = now()
        let token = try await tokens.token(for: user, session: id, createdAt: createdAt)
        let row = NewSession(
            id: id,
            userID: user.id,
            tokenHash: TokenHash(of: token),
            createdAt: createdAt,
            expiresAt: createdAt.addingTimeInterval(TimeInterval(TokenIssuer.lifetime)),
            provider: provider,
            identity: identity,
            replaced: await hashes(of: presented),
            trace: trace
        )
        return (row, token)
    }

    /// The user and session of a token; nil unless its signature is valid and its session live.
    ///
    /// The signature is checked first, so that invalid tokens never reach the database.
    func signedIn(with token: Secret) async throws -> SignedIn? {
        let now = now()
        let hash = TokenHash(of: token)
        var isValid = tokens.isKnownValid(hash, at: now)
        if isValid == nil { isValid = await tokens.isValid(token, hash: hash, at: now) }
        guard isValid == true else { return nil }
        return try await store.signedIn(with: hash, at: now)
    }

    /// The user and session of a token that was valid when it was hashed; nil unless the session is live.
    func signedIn(withHash hash: TokenHash) async throws -> SignedIn? {
        try await store.signedIn(with: hash, at: now())
    }

    /// Ends the session of a token; a token without a session is not an error.
    func signOut(_ token: Secret, from trace: RequestTrace) async throws {
        let hash = TokenHash(of: token)
        guard await tokens.isValid(token, hash: hash, at: now()) else { return }
        try await store.end(with: hash, from: trace)
    }

    /// The user's live sessions for a list, newest first, and their total number.
    func sessions(of visitor: SignedIn) async throws -> (sessions: [Session], total: Int) {
        try await store.live(of: visitor, at: now())
    }

    /// Ends one of the user's sessions.
    ///
    /// - Throws: `session_not_found` when it is not a live session of the user.
    func end(_ session: SessionID, of visitor: SignedIn, from trace: RequestTrace) async throws {
        guard try await store.end(session, of: visitor, from: trace, at: now()) else {
            throw Self.notFound
        }
    }

    /// Ends all of the user's sessions except the current one.
    ///
    /// - Returns: the number of ended sessions.
    func endOthers(of visitor: SignedIn, from trace: RequestTrace) async throws -> Int {
        try await store.endOthers(of: visitor, from: trace, at: now())
    }

    /// The password hashed with the current parameters; nil when hashing is busy, so that a later sign-in upgrades it.
    private func hashUpgrade(of found: UserCredentials, password: Password) async -> HashUpgrade? {
        guard let old = found.passwordHash else { return nil }
        do {
            return HashUpgrade(user: found.user.id, old: old, new: try await hasher.hash(password))
        } catch {
            Logger.current.warning("password hash not upgraded", metadata: ["error": .string("\(type(of: error))")])
            return nil
        }
    }
}

extension SessionService {
    static let notFound = APIError(.sessionNotFound, detail: "You have no such session.")

    /// The error when the account was changed during each attempt.
    static let changing = APIError(
        .serviceUnavailable,
        detail: "The account is being changed; try again shortly.",
        retryAfter: 1
    )
}

/// The user was deleted while a session was being opened.
struct UserNotFound: Error {}
