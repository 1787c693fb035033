import FoundationEssentials
import PostgresClient
import Shared

extension IdentityStore {
    /// The result of a sign-in with an identity.
    enum Resolution: Sendable {
        /// The identity is linked to the account, with this link ID.
        case user(User, IdentityID)
        /// The user must first enter the password of the account with this email.
        case passwordNeeded(EmailAddress)
        /// There is no account, and no verified email to create one with.
        case addressNeeded
        /// The sign-in is rejected and recorded in the audit trail.
        case rejected(LinkingPolicy.Rejection)
        /// There is no account, and none is created.
        case notAdmitted(RegistrationPolicy.Rejection)
    }

    /// A sign-in with an identity.
    private struct SignIn: Sendable {
        let identity: ProviderIdentity
        let tokens: SealedTokens
        /// The code of an invitation.
        let invite: String?
        let trace: RequestTrace
        let now: Date
        var key: IdentityKey { identity.key }
    }

    /// Finds or creates the user of an identity by the rules of ``LinkingPolicy``, and stores the provider's tokens.
    ///
    /// Of two concurrent calls for one new identity, one creates the user and the other finds it. A new user must satisfy
    /// ``RegistrationPolicy``, for example with the code of an invitation.
    func resolve(
        _ identity: ProviderIdentity,
        invite code: String?,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> Resolution {
        let tokens = try vault.seal(identity.tokens, for: identity.key)
        let signIn = SignIn(identity: identity, tokens: tokens, invite: code, trace: trace, now: now)
        return try await settlingRaces { db in try resolve(signIn, in: db) }
    }

    private func resolve(_ signIn: SignIn, in db: PostgresConnection) throws -> Resolution {
        let identity = signIn.identity
        let owner = try db.first(FindOwner(key: signIn.key))
        // The order matters: the second statement finds an identity that is disconnected between the two.
        let formerOwner = owner == nil ? try db.first(FindDisconnection(key: signIn.key)) : nil
        let sameEmail = owner == nil && formerOwner == nil ? try lockSameEmail(as: identity, in: db) : nil
        let decision = LinkingPolicy.decision(
            isLinked: owner != nil,
            isDisconnected: formerOwner != nil,
            hasEmail: identity.email != nil,
            isEmailAuthority: identity.isEmailAuthority,
            sameEmail: sameEmail?.facts
        )
        switch decision {
        case .signIn: return try accept(signIn, of: owner, in: db)
        case .askAddress: return askAddress(signIn)
        case .create: return try create(signIn, in: db)
        case .link: return try link(signIn, to: sameEmail?.user, in: db)
        case .askPassword:
            guard let email = identity.email else { throw Raced() }
            return .passwordNeeded(email)
        case .reject(let rejection):
            return try reject(signIn, rejection, of: formerOwner ?? sameEmail?.user.id, in: db)
        }
    }

    /// Locks the account with the email of an unknown identity.
    private func lockSameEmail(
        as identity: ProviderIdentity,
        in db: PostgresConnection
    ) throws -> LockAccountByEmail.Row? {
        guard let email = identity.email,
            let account = try db.first(LockAccountByEmail(email: email, provider: identity.provider))
        else { return nil }
        // A concurrent transaction may have linked or disconnected the identity while this one waited for the lock.
        guard try db.first(FindOwner(key: identity.key)) == nil,
            try db.first(FindDisconnection(key: identity.key)) == nil
        else { throw Raced() }
        return account
    }

    /// Accepts the sign-in of the identity's owner, unless an operator has disabled the account.
    private func accept(_ signIn: SignIn, of owner: UserID?, in db: PostgresConnection) throws -> Resolution {
        let identity = signIn.identity
        guard let owner, let user = try db.first(LockUser(id: owner)) else { throw Raced() }
        guard !user.isDisabled else { return try reject(signIn, .userDisabled, of: owner, in: db) }
        let id = try refresh(identity, signIn.tokens, of: owner, in: db)
        let vouched = try vouch(
            for: user,
            by: identity.email,
            picture: identity.avatarURL,
            at: signIn.now,
            in: db
        )
        return .user(vouched, id)
    }

    /// Asks for an address, unless no account may be created with any.
    private func askAddress(_ signIn: SignIn) -> Resolution {
        do throws(RegistrationPolicy.Rejection) {
            try registration.requireInvite(code: signIn.invite)
            return .addressNeeded
        } catch {
            return .notAdmitted(error)
        }
    }

    /// Creates a user with the email of the identity.
    private func create(_ signIn: SignIn, in db: PostgresConnection) throws -> Resolution {
        let identity = signIn.identity
        guard let email = identity.email else { throw Raced() }
        do throws(any Error) {
            let invite = try registration.invite(for: email, code: signIn.invite)
            if let invite { try InviteStore.use(invite, in: db) }
        } catch let rejection as RegistrationPolicy.Rejection {
            // The transaction that took the last use of the invitation may have created the account.
            guard try db.first(FindOwner(key: signIn.key)) == nil,
                try db.first(LockAccountByEmail(email: email, provider: identity.provider)) == nil
            else { throw Raced() }
            return .notAdmitted(rejection)
        }
        let user = User(email: email, name: identity.displayName, avatarURL: identity.avatarURL)
        let insertion = InsertProviderAccount(
            user: user,
            provider: identity.provider,
            verifiedAt: signIn.now,
            trace: signIn.trace
        )
        guard try db.run(insertion) > 0 else { throw Raced() }
        return .user(user, try insert(signIn, for: .registration, of: user, in: db))
    }

    /// Links the identity to the user with the same email.
    private func link(_ signIn: SignIn, to user: User?, in db: PostgresConnection) throws -> Resolution {
        guard let user else { throw Raced() }
        let id = try insert(signIn, for: .email, of: user, in: db)
        return .user(try updatePicture(of: user, to: signIn.identity.avatarURL, in: db), id)
    }

    /// Links the identity.
    ///
    /// - Returns: the link's identifier.
    private func insert(
        _ signIn: SignIn,
        for reason: LinkReason,
        of user: User,
        in db: PostgresConnection
    ) throws -> IdentityID {
        let insertion = InsertIdentity(
            signIn.key,
            email: signIn.identity.email,
            of: user.id,
            tokens: signIn.tokens,
            cause: LinkCause(reason: reason, session: nil, trace: signIn.trace)
        )
        try insert(insertion, signIn.key, in: db)
        return insertion.id
    }

    /// Rejects the sign-in, and records that for the user.
    private func reject(
        _ signIn: SignIn,
        _ rejection: LinkingPolicy.Rejection,
        of user: UserID?,
        in db: PostgresConnection
    ) throws -> Resolution {
        if let user {
            let provider = signIn.identity.provider
            try db.run(RecordRejection(user: user, provider: provider, rejection: rejection, trace: signIn.trace))
        }
        return .rejected(rejection)
    }
}
