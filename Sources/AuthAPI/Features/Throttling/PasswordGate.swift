import FoundationEssentials
import Logging
import Shared

/// The only way to check a password, so that no path can bypass the rate limits (CVE-2026-88770).
///
/// An attempt is taken before the password is checked, so that concurrent requests cannot share one, and returned if it
/// was correct. Email addresses without an account count like others: otherwise the limit would reveal which exist.
struct PasswordGate: Sendable {
    let limiter: RateLimiter
    let audit: AuditStore
    let hasher: PasswordHasher
    private var store: ThrottleStore { limiter.store }

    /// Checks the password of an account.
    ///
    /// An unknown email address, a wrong password and an account without a password take the same time and get the same
    /// response (OWASP Authentication, "Authentication Responses"). A known browser of the account has separate
    /// attempts, which attackers cannot exhaust, neither by guessing nor from the same network. Rejections are sent
    /// after the audit trail has recorded them.
    ///
    /// - Throws: `invalid_credentials`, `account_disabled` if the password is correct, `overloaded`, and
    ///   `too_many_requests` with the time to wait when no attempt is left.
    func check(
        _ password: Password,
        of email: EmailAddress,
        from trace: RequestTrace
    ) async throws -> CheckedPassword {
        var trace = trace
        var attempts = attempts(at: email, from: trace)
        // A rejection because of a full hashing queue takes no attempt and does not use the database.
        let (found, verification) = try await hasher.pool.admitting {
            () async throws -> (UserCredentials?, PasswordHasher.Verification) in
            var (wait, found) = try await store.take(attempts, findingAccountOf: email, from: trace, at: limiter.now())
            if wait == nil, let device = trace.knownDevice, !device.isKnown(for: found) {
                // The address belongs to another user or to none, or the password was set after the sign-in.
                try await store.refund(attempts)
                trace.knownDevice = nil
                attempts = self.attempts(at: email, from: trace)
                (wait, found) = try await store.take(attempts, findingAccountOf: email, from: trace, at: limiter.now())
            }
            if let wait { throw RateLimiter.tooMany(wait, "sign-in throttled") }
            do {
                return (found, try await hasher.verify(password, against: found?.passwordHash))
            } catch {
                // The password was not checked.
                await refund(attempts)
                throw error
            }
        }
        guard let found, verification != .wrong else { throw try await rejected(found, email: email, from: trace) }
        if found.isDisabled {
            // Only sent if the password is correct; takes no attempt.
            await refund(attempts)
            try await audit.record(failure(.userDisabled, found, email: email, from: trace))
            throw APIError(.accountDisabled, detail: "This account is disabled.")
        }
        return CheckedPassword(
            credentials: found,
            needsUpgrade: verification == .correctNeedsUpgrade,
            attempts: attempts,
            trace: trace
        )
    }

    /// Records a wrong password or an unknown account, and returns the error, which is the same for both.
    func rejected(_ found: UserCredentials?, email: EmailAddress, from trace: RequestTrace) async throws -> APIError {
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
        FailedSignIn(user: found?.user.id, subject: limiter.keys.account(email), reason: reason, trace: trace)
    }

    private func attempts(at email: EmailAddress, from trace: RequestTrace) -> [Attempt] {
        let keys = limiter.keys
        if let device = trace.knownDevice { return [limiter.attempt(keys.device(device.id))] }
        return [keys.account(email), keys.network(trace.client.address)].map(limiter.attempt)
    }
}

/// An account with a correct password.
struct CheckedPassword: Sendable {
    let credentials: UserCredentials
    /// Whether its hash is weaker than a new one.
    let needsUpgrade: Bool
    /// The attempts of the check; opening the session returns them.
    let attempts: [Attempt]
    /// The origin of the request, with the browser only if it is known for the account.
    let trace: RequestTrace
}
