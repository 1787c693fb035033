import FoundationEssentials
import PostgresClient
import Shared

/// Linked provider accounts in the database.
///
/// Every method that changes something decides and acts in one transaction. Each locks the user's row first and the
/// identity's second, so that no two of them wait for each other.
struct IdentityStore: Sendable {
    /// What became of an identity that wants to sign in.
    enum Resolution: Sendable {
        /// The identity is linked to the account, under that identifier.
        case user(User, IdentityID)
        /// The account with this email must prove itself by its password first.
        case passwordNeeded(EmailAddress)
        /// It has no account, and no verified email to create one with.
        case addressNeeded
        /// It signs nobody in; the audit trail knows.
        case refused(LinkingPolicy.Refusal)
        /// It has no account, and none is created for it.
        case notAdmitted(RegistrationPolicy.Refusal)
    }

    /// Somebody else changed the rows between two statements; the whole is to be done again.
    private struct Raced: Error {}

    let postgres: PostgresPool
    let vault: ProviderTokenVault
    let registration: RegistrationPolicy

    /// Finds or makes the user of an identity by the rules of ``LinkingPolicy``, and stores the provider's tokens.
    ///
    /// Of two calls for one new identity at the same moment one makes the user and the other finds it. A new user takes what
    /// ``RegistrationPolicy`` asks for, such as the code of an invitation.
    func resolve(
        _ identity: ProviderIdentity,
        invite code: String?,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> Resolution {
        let key = identity.key
        let sealed = try vault.seal(identity.tokens, for: key)
        return try await settlingRaces { db in
            let owner = try db.first(FindOwner(key: key))
            // In this order: an identity that is disconnected between the two is found by the second.
            let formerOwner = owner == nil ? try db.first(FindDisconnection(key: key)) : nil
            let isNew = owner == nil && formerOwner == nil
            let email = isNew ? identity.email : nil
            let sameEmail = try email.flatMap {
                try db.first(LockAccountByEmail(email: $0, provider: identity.provider))
            }
            // While this waited for the lock, somebody else may have linked or disconnected the identity.
            if sameEmail != nil {
                guard try db.first(FindOwner(key: key)) == nil, try db.first(FindDisconnection(key: key)) == nil else {
                    throw Raced()
                }
            }
            let decision = LinkingPolicy.decision(
                isLinked: owner != nil,
                isDisconnected: formerOwner != nil,
                hasEmail: identity.email != nil,
                isEmailAuthority: identity.isEmailAuthority,
                sameEmail: sameEmail?.facts
            )
            switch decision {
            case .signIn:
                guard let owner, let user = try db.first(LockUser(id: owner)) else { throw Raced() }
                guard !user.isDisabled else {
                    return .refused(try refusal(.userDisabled, of: key, owner, from: trace, in: db))
                }
                let id = try refresh(identity, sealed, of: owner, in: db)
                let vouched = try vouch(for: user, by: identity.email, picture: identity.avatarURL, at: now, in: db)
                return .user(vouched, id)
            case .askAddress:
                do throws(RegistrationPolicy.Refusal) {
                    try registration.anticipate(code: code)
                } catch {
                    return .notAdmitted(error)
                }
                return .addressNeeded
            case .create:
                guard let email else { throw Raced() }
                do throws(any Error) {
                    let invite = try registration.decision(email, code: code)
                    if let invite { try InviteStore.use(invite, in: db) }
                } catch let refusal as RegistrationPolicy.Refusal {
                    return .notAdmitted(refusal)
                }
                let user = User(email: email, name: identity.displayName, avatarURL: identity.avatarURL)
                let insertion = InsertProviderAccount(
                    user: user,
                    provider: identity.provider,
                    verifiedAt: now,
                    trace: trace
                )
                guard try db.run(insertion) > 0 else { throw Raced() }
                let cause = LinkCause(reason: .registration, session: nil, trace: trace)
                let link = InsertIdentity(key, email: email, of: user.id, tokens: sealed, cause: cause)
                try insert(link, key, in: db)
                return .user(user, link.id)
            case .link:
                guard let user = sameEmail?.user else { throw Raced() }
                let cause = LinkCause(reason: .email, session: nil, trace: trace)
                let link = InsertIdentity(key, email: email, of: user.id, tokens: sealed, cause: cause)
                try insert(link, key, in: db)
                return .user(try updatePicture(of: user, to: identity.avatarURL, in: db), link.id)
            case .askPassword:
                guard let email else { throw Raced() }
                return .passwordNeeded(email)
            case .refuse(let refusal):
                guard let user = formerOwner ?? sameEmail?.user.id else { return .refused(refusal) }
                return .refused(try self.refusal(refusal, of: key, user, from: trace, in: db))
            }
        }
    }

    /// Links an identity to a user whose session is live to the end of it, also one that the user has disconnected before.
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
            else { throw ProviderError(.signInRequired, "the session ended while the visitor was at the provider") }
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

    /// Links an identity that waited for the password, as part of the transaction that opens a session.
    ///
    /// - Throws: `no_pending_connection` when it, or another account of its provider, has been linked meanwhile, or it has
    ///   been disconnected.
    func link(_ pending: PendingLink, with session: NewSession, in db: PostgresConnection) throws {
        guard let user = try db.first(LockUser(id: session.userID)),
            let email = try? EmailAddress(exactly: pending.email)
        else { throw Self.nothingPending }
        switch try db.first(FindOwner(key: pending.key)) {
        case session.userID: break
        case nil:
            guard try db.first(FindDisconnection(key: pending.key)) == nil else { throw Self.nothingPending }
            let cause = LinkCause(reason: .password, session: session.id, trace: session.trace)
            let insertion = InsertIdentity(
                pending.key,
                email: email,
                of: session.userID,
                version: vault.version,
                cause: cause
            )
            guard try db.run(insertion) > 0 else { throw Self.nothingPending }
        default: throw Self.nothingPending
        }
        _ = try vouch(for: user, by: email, picture: pending.avatarURL, at: session.createdAt, in: db)
    }

    /// Records that an identity does not sign a user in.
    private func refusal(
        _ refusal: LinkingPolicy.Refusal,
        of key: IdentityKey,
        _ user: UserID,
        from trace: RequestTrace,
        in db: PostgresConnection
    ) throws -> LinkingPolicy.Refusal {
        try db.run(RecordRefusal(user: user, provider: key.provider, refusal: refusal, trace: trace))
        return refusal
    }

    /// Links an identity.
    ///
    /// - Throws: ``ProviderError`` with `provider_already_linked` when the user has another one of the provider.
    private func insert(_ insertion: InsertIdentity, _ key: IdentityKey, in db: PostgresConnection) throws {
        guard try db.run(insertion) == 0 else { return }
        if try db.first(FindOwner(key: key)) != nil { throw Raced() }
        throw LinkingPolicy.Refusal.providerTaken.error
    }

    /// Stores what the provider said this time.
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
            // A provider that sends none this time means the one before (RFC 6749, section 6).
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

    /// Notes that a provider has verified the account's email, where it is the same, and gives it a picture.
    ///
    /// - Returns: the user with that picture.
    private func vouch(
        for user: LockedUser,
        by email: EmailAddress?,
        picture: String?,
        at now: Date,
        in db: PostgresConnection
    ) throws -> User {
        if let email, user.user.email.isExactly(email.value), !user.isVerified {
            try db.run(MarkVerified(user: user.user.id, now: now))
        }
        return try updatePicture(of: user.user, to: picture, in: db)
    }

    /// Gives a picture to an account that has none, or an older one of the same provider, which may be gone by now.
    private func updatePicture(of user: User, to url: String?, in db: PostgresConnection) throws -> User {
        guard let url, url != user.avatarURL else { return user }
        if let old = user.avatarURL, Self.host(of: old) != Self.host(of: url) { return user }
        try db.run(UpdatePicture(user: user.id, url: url))
        return User(id: user.id, email: user.email, name: user.name, avatarURL: url)
    }

    private static func host(of url: String) -> String? { URL(string: url)?.host() }

    /// Runs a transaction again when somebody else was faster: what they stored is found then.
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

    private static let nothingPending = APIError(
        .noPendingConnection,
        detail: "The provider account can no longer be linked this way."
    )
}

extension ProviderIdentity {
    /// What names the identity.
    var key: IdentityKey { IdentityKey(provider: provider, issuer: issuer, subject: subject) }
}

extension User {
    /// A new account for a provider's user; without a name it gets what stands before the email's `@`.
    init(email: EmailAddress, name: String?, avatarURL: String?) {
        self.init(
            id: .random(),
            email: email.value,
            name: name ?? String(Substring(email.value.utf8.prefix { $0 != UInt8(ascii: "@") })),
            avatarURL: avatarURL
        )
    }
}
