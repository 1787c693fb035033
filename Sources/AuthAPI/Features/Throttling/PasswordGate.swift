import FoundationEssentials
import Logging
import Shared

/// The one way to check a password, so that no path that does can forget to count it (CVE-2026-88770).
///
/// An attempt is taken before the password is checked, so that attempts at the same moment cannot share one, and given
/// back when it was right. Addresses without an account count like others: else the limit would tell which exist.
struct PasswordGate: Sendable {
    let store: ThrottleStore
    let audit: AuditStore
    let keys: ThrottleKeys
    let limits: ThrottleLimits
    let hasher: PasswordHasher
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }

    /// Checks the password of an account.
    ///
    /// Unknown email, wrong password and an account without a password take the same time and get the same answer (OWASP
    /// Authentication, "Authentication Responses"). A browser that is known for the account has attempts of its own, which
    /// no stranger can use up, neither by guessing at the account nor from the same network. What is refused is answered
    /// once the audit trail has it.
    ///
    /// - Throws: `invalid_credentials`, `account_disabled` where the password is right, `overloaded`, and
    ///   `too_many_requests` with the time to wait when no attempt is left.
    func check(
        _ password: Password,
        of email: EmailAddress,
        from trace: RequestTrace
    ) async throws -> CheckedPassword {
        var trace = trace
        var attempts = attempts(at: email, from: trace)
        // What is refused for want of a thread costs no attempt, and the database nothing.
        let (found, verification) = try await hasher.admitting {
            () async throws -> (UserCredentials?, PasswordHasher.Verification) in
            var (wait, found) = try await store.take(attempts, findingAccountOf: email, from: trace, at: now())
            if let since = found?.devicesKnownSince, let known = trace.knownSince, known < since {
                // It signed in before the password was recovered, and is a stranger now.
                try await store.giveBack(attempts)
                trace.knownAs = nil
                attempts = self.attempts(at: email, from: trace)
                (wait, found) = try await store.take(attempts, findingAccountOf: email, from: trace, at: now())
            }
            if let wait { throw Self.tooMany(wait, "sign-in throttled") }
            do {
                return (found, try await hasher.verify(password, against: found?.passwordHash))
            } catch {
                // Not checked, so not used; where even this fails, time brings it back.
                try? await store.giveBack(attempts)
                throw error
            }
        }
        guard let found, verification != .wrong else { throw try await refused(found, email: email, from: trace) }
        if found.isDisabled {
            // Told to nobody but who knows the password, who uses nothing up.
            try? await store.giveBack(attempts)
            try await audit.record(failure(.userDisabled, found, email: email, from: trace))
            throw APIError(.accountDisabled, detail: "This account is disabled.")
        }
        return CheckedPassword(
            credentials: found,
            needsUpgrade: verification == .correctNeedsUpgrade,
            attempts: attempts
        )
    }

    /// Takes an attempt to register; it is not given back, for a registration that succeeds counts, too.
    ///
    /// - Throws: `too_many_requests` with the time to wait when there is none left.
    func admitRegistration(from trace: RequestTrace) async throws {
        let attempt = Attempt(key: keys.registration(trace.client.address), limit: limits.registration)
        guard let wait = try await store.take(attempt, from: trace, at: now()) else { return }
        throw Self.tooMany(wait, "registration throttled")
    }

    /// Takes an attempt of a signed-in user to change or read what needs no confirmation; it is not given back.
    ///
    /// - Throws: `too_many_requests` with the time to wait when there is none left.
    func admitProfile(of user: SignedIn, from trace: RequestTrace) async throws {
        let attempt = Attempt(key: keys.profile(user.user.id), limit: limits.profile)
        guard let wait = try await store.take(attempt, of: user.user.id, from: trace, at: now()) else { return }
        throw Self.tooMany(wait, "profile requests throttled")
    }

    /// Takes an attempt to use a one-time link; it is not given back.
    ///
    /// - Throws: `too_many_requests` with the time to wait when there is none left.
    func admitRecovery(from trace: RequestTrace) async throws {
        let attempt = Attempt(key: keys.recovery(trace.client.address), limit: limits.recovery)
        guard let wait = try await store.take(attempt, from: trace, at: now()) else { return }
        throw Self.tooMany(wait, "recovery throttled")
    }

    /// Records that a password is not the account's, or that the account is not there, and gives the one answer to both.
    func refused(_ found: UserCredentials?, email: EmailAddress, from trace: RequestTrace) async throws -> APIError {
        let reason: SignInFailure =
            switch found {
            case nil: .unknownAccount
            case .some(let found): found.passwordHash == nil ? .noPassword : .wrongPassword
            }
        try await audit.record(failure(reason, found, email: email, from: trace))
        return APIError(.invalidCredentials, detail: "The email or the password is wrong.")
    }

    private func failure(
        _ reason: SignInFailure,
        _ found: UserCredentials?,
        email: EmailAddress,
        from trace: RequestTrace
    ) -> FailedSignIn {
        FailedSignIn(user: found?.user.id, subject: keys.account(email), reason: reason, trace: trace)
    }

    private func attempts(at email: EmailAddress, from trace: RequestTrace) -> [Attempt] {
        if let device = trace.knownAs { return [Attempt(key: keys.device(device), limit: limits.device)] }
        return [
            Attempt(key: keys.account(email), limit: limits.account),
            Attempt(key: keys.network(trace.client.address), limit: limits.network),
        ]
    }

    static func tooMany(_ microseconds: Int64, _ message: Logger.Message) -> APIError {
        let seconds = Int((microseconds + 999_999) / 1_000_000)
        Logger.current.notice(message, metadata: ["retry_after": .stringConvertible(seconds)])
        return APIError(.tooManyRequests, detail: "Too many attempts; wait before you try again.", retryAfter: seconds)
    }
}

/// An attempt that counts against a limit.
struct Attempt: Sendable {
    let key: ThrottleKey
    let limit: Limit
}

/// An account whose password was right.
struct CheckedPassword: Sendable {
    let credentials: UserCredentials
    /// Whether its hash is weaker than a new one.
    let needsUpgrade: Bool
    /// What was taken for the check; whoever opens the session gives it back.
    let attempts: [Attempt]
}
