import FoundationEssentials
import Shared

/// The rules of accounts.
struct UserService: Sendable {
    let store: UserStore
    let sessions: SessionService
    let gate: PasswordGate
    let limiter: RateLimiter
    let hasher: PasswordHasher
    let deletion: UserDeletionService
    let policy: RegistrationPolicy
    let now: @Sendable () -> Date

    /// A registration with valid fields.
    struct Registration: Sendable {
        let email: EmailAddress
        let name: DisplayName
        let password: Password
    }

    /// Creates an account and opens its first session; ends the sessions of the browser's tokens.
    ///
    /// An invitation is checked before hashing, and used in the transaction that stores the account.
    ///
    /// - Throws: `email_taken`, `registration_closed`, `invalid_fields` for a rejected email address or invitation,
    ///   `too_many_requests`, `overloaded`.
    func register(
        _ registration: Registration,
        invite code: String? = nil,
        replacing presented: [Secret] = [],
        from trace: RequestTrace
    ) async throws -> OpenedSession {
        do throws(any Error) {
            let invite = try policy.invite(for: registration.email, code: code)
            let hash = try await hasher.pool.admitting {
                try await limiter.admitRegistration(from: trace)
                try await policy.requireLive(invite)
                return try await hasher.hash(registration.password)
            }
            let user = User(
                id: .random(),
                email: registration.email.value,
                name: registration.name.value,
                avatarURL: nil
            )
            let session = try await sessions.prepare(for: user, replacing: presented, from: trace)
            try await store.create(user, passwordHash: hash, session: session.row, using: invite, from: trace)
            return OpenedSession(user: user, token: session.token)
        } catch let rejection as RegistrationPolicy.Rejection {
            throw rejection.error(code: code)
        }
    }

    /// Changes the name of a user.
    ///
    /// - Returns: the changed user.
    /// - Throws: `too_many_requests`.
    func rename(_ visitor: SignedIn, to name: DisplayName, from trace: RequestTrace) async throws -> User {
        try await limiter.admitProfile(of: visitor, from: trace)
        try await store.rename(visitor, to: name, from: trace)
        let old = visitor.user
        return User(id: old.id, email: old.email, name: name.value, avatarURL: old.avatarURL)
    }

    /// A user's data for the download.
    ///
    /// - Throws: `unauthenticated` when the user no longer exists, `too_many_requests`.
    func ownData(of visitor: SignedIn, from trace: RequestTrace) async throws -> OwnData {
        try await limiter.admitProfile(of: visitor, from: trace)
        guard let data = try await store.ownData(of: visitor, from: trace, at: now()) else {
            throw APIError(.unauthenticated)
        }
        return data
    }

    /// Deletes the account of a user, who confirms with the password or a sign-in at a provider.
    ///
    /// - Throws: `invalid_fields` for a missing or wrong password, `reauthentication_required`, `unauthenticated` when
    ///   the session or the user no longer exists, `too_many_requests`, `overloaded`.
    func delete(_ visitor: SignedIn, password: Password?, from trace: RequestTrace) async throws {
        let confirmed = try await gate.confirm(password, in: .password, of: visitor, from: trace)
        let request = UserDeletionRequest(
            user: visitor.user.id,
            email: visitor.user.email,
            hasManySessions: confirmed.own.hasManySessions,
            visitor: visitor,
            trace: trace
        )
        let ending = try await deletion.delete(request, at: now())
        await gate.refund(confirmed.attempts)
        switch ending {
        case .deleted: return
        case .gone: throw APIError(.unauthenticated)
        case .changed: throw APIError.invalidFields([Self.otherEmail])
        }
    }

    /// The error for an email address that is not the user's.
    static let otherEmail = FieldError(
        field: "email",
        code: .mismatch,
        detail: "This is not the email address of your account."
    )
}
