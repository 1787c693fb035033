import FoundationEssentials
import PostgresClient
import Shared

/// Access to linked provider accounts in the database.
///
/// Every method that changes something checks and writes in one transaction, and locks the user's row first and the
/// identity's second, so that concurrent calls do not deadlock.
struct IdentityStore: Sendable {
    /// The rows changed between two statements; the operation must be repeated.
    struct Raced: Error {}

    let postgres: PostgresPool
    let vault: ProviderTokenVault
    let registration: RegistrationPolicy

    /// Links an identity to a user whose session stays live until the end, even if the user has disconnected it before.
    ///
    /// - Throws: ``ProviderError`` with `sign_in_required`, `identity_taken` or `provider_already_linked`.
    func link(
        _ identity: ProviderIdentity,
        to visitor: SignedIn,
        from trace: RequestTrace,
        at now: Date
    ) async throws {
        let key = identity.key
        let sealed = try vault.seal(identity.tokens, for: key)
        let userID = visitor.user.id
        try await settlingRaces { db in
            guard let user = try db.first(LockUser(id: userID)),
                try db.first(HoldSession(session: visitor.sessionID, user: userID, now: now)) != nil
            else { throw ProviderError(.signInRequired, "the session ended during the flow") }
            switch try db.first(FindOwner(key: key)) {
            case userID: _ = try refresh(identity, sealed, of: userID, in: db)
            case nil:
                try db.run(ForgetDisconnection(key: key, user: userID))
                let cause = LinkCause(reason: .owner, session: visitor.sessionID, trace: trace)
                let insertion = InsertIdentity(
                    key,
                    email: identity.email,
                    of: userID,
                    tokens: sealed,
                    cause: cause
                )
                try insert(insertion, key, in: db)
            default: throw ProviderError(.identityTaken, "the provider account is linked to another user")
            }
            _ = try vouch(for: user, by: identity.email, picture: identity.avatarURL, at: now, in: db)
        }
    }

    /// Links the identity that was pending until the password was entered, in the transaction that opens a session.
    ///
    /// - Throws: `no_pending_connection` when it, or another account of its provider, has been linked in the meantime, or it
    ///   has been disconnected.
    func link(_ pending: PendingLink, with session: NewSession, in db: PostgresConnection) throws {
        guard let user = try db.first(LockUser(id: session.userID)),
            let email = try? EmailAddress(exactly: pending.email)
        else { throw APIError.noPendingLink }
        switch try db.first(FindOwner(key: pending.key)) {
        case session.userID: break
        case nil:
            guard try db.first(FindDisconnection(key: pending.key)) == nil else { throw APIError.noPendingLink }
            let cause = LinkCause(reason: .password, session: session.id, trace: session.trace)
            let insertion = InsertIdentity(
                pending.key,
                email: email,
                of: session.userID,
                version: vault.version,
                cause: cause
            )
            guard try db.run(insertion) > 0 else { throw APIError.noPendingLink }
        default: throw APIError.noPendingLink
        }
        _ = try vouch(for: user, by: email, picture: pending.avatarURL, at: session.createdAt, in: db)
    }

    /// Links an identity.
    ///
    /// - Throws: ``ProviderError`` with `provider_already_linked` when the user has another account of the provider.
    func insert(_ insertion: InsertIdentity, _ key: IdentityKey, in db: PostgresConnection) throws {
        guard try db.run(insertion) == 0 else { return }
        if try db.first(FindOwner(key: key)) != nil { throw Raced() }
        throw LinkingPolicy.Rejection.providerTaken.error
    }

    /// Stores the data of this sign-in.
    ///
    /// - Returns: the link's identifier.
    func refresh(
        _ identity: ProviderIdentity,
        _ sealed: SealedTokens,
        of user: UserID,
        in db: PostgresConnection
    ) throws -> IdentityID {
        guard let old = try db.first(LockIdentity(key: identity.key, user: user)) else { throw Raced() }
        var tokens = sealed
        if tokens.refreshToken == nil, let kept = old.refreshToken {
            // If the provider sends none, the previous one stays valid (RFC 6749, section 6).
            let resealed = try vault.reseal(kept, version: old.version, for: identity.key, in: .refreshToken)
            tokens = SealedTokens(
                accessToken: sealed.accessToken,
                refreshToken: resealed,
                version: sealed.version,
                expiresAt: sealed.expiresAt
            )
        }
        try db.run(
            UpdateIdentity(
                id: old.id,
                email: identity.email,
                issuer: identity.issuer,
                tokens: tokens
            )
        )
        return old.id
    }

    /// Records that a provider has verified the account's email, if it is the same, and stores the picture.
    ///
    /// - Returns: the user with that picture.
    func vouch(
        for user: LockedUser,
        by email: EmailAddress?,
        picture: String?,
        at now: Date,
        in db: PostgresConnection
    ) throws -> User {
        // The address of a migrated user may be in mixed case.
        if let email, user.user.email.lowercased().isExactly(email.value), !user.isVerified {
            try db.run(MarkVerified(user: user.user.id, now: now))
        }
        return try updatePicture(of: user.user, to: picture, in: db)
    }

    /// Stores the picture if the account has none, or an older one of the same provider, which may no longer exist.
    func updatePicture(of user: User, to url: String?, in db: PostgresConnection) throws -> User {
        guard let url, url != user.avatarURL else { return user }
        if let old = user.avatarURL, Self.host(of: old) != Self.host(of: url) { return user }
        try db.run(UpdatePicture(user: user.id, url: url))
        return User(id: user.id, email: user.email, name: user.name, avatarURL: url)
    }

    private static func host(of url: String) -> String? { URL(string: url)?.host() }

    /// Repeats a transaction that lost a race; it then finds the stored rows.
    func settlingRaces<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        var attempt = 1
        while true {
            do {
                return try await postgres.transaction(retrying: true, body)
            } catch is Raced where attempt < 3 {
                attempt += 1
            }
        }
    }
}

extension User {
    /// A new account for a provider's user; the default name is the local part of the email address.
    init(email: EmailAddress, name: String?, avatarURL: String?) {
        self.init(
            id: .random(),
            email: email.value,
            name: name ?? String(email.localPart),
            avatarURL: avatarURL
        )
    }
}
