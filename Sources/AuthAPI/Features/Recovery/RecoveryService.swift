import FoundationEssentials
import Shared

/// The rules of one-time links for users who have forgotten their password (OWASP "Forgot Password Cheat Sheet").
struct RecoveryService: Sendable {
    let store: RecoveryStore
    let batches: SessionBatches
    let limiter: RateLimiter
    let hasher: PasswordHasher
    let codes: OneTimeCodeKeys
    /// The words that passwords must not be built from.
    let siteWords: [String]
    let now: @Sendable () -> Date

    /// Sets a new password for the user of a code, and consumes the code.
    ///
    /// The code is checked before hashing. Every session of the user ends, known browsers are forgotten, and linked
    /// provider accounts are disconnected unless the operator chose to keep them. It does not sign in.
    ///
    /// - Throws: `invalid_recovery_code` for a code that is wrong, expired, used, replaced, or of a deleted or disabled
    ///   user; `invalid_fields` for a password that is too similar to the user's email address or name;
    ///   `too_many_requests`, `overloaded`.
    func recover(with typed: String, to password: String, from trace: RequestTrace) async throws {
        let (recovery, hash) = try await hasher.pool.admitting { () async throws -> (Recovery, String) in
            try await limiter.admitRecovery(from: trace)
            guard let code = OneTimeCode(typed: typed), let found = try await store.find(codes.candidates(code)) else {
                throw Self.invalid()
            }
            let own = [found.user.email, found.user.name]
            let violations = PasswordRules.violations(in: password, besides: own + siteWords)
            guard violations.isEmpty else {
                throw APIError.invalidFields(violations.map { $0.inField("password") })
            }
            return (found, try await hasher.hash(Password(password)))
        }
        if recovery.hasManySessions {
            // Too many to end within the timeout of one statement.
            let all = SessionSelection(user: recovery.user.id, reason: .password)
            _ = try await batches.end(all, from: trace, at: now())
        }
        let email = try? EmailAddress(exactly: recovery.user.email)
        let isDone = try await store.use(
            recovery,
            passwordHash: hash,
            clearing: email.map(limiter.keys.account),
            from: trace,
            now: now
        )
        guard isDone else { throw Self.invalid() }
    }

    private static func invalid() -> APIError {
        APIError(
            .invalidRecoveryCode,
            detail: "The link is not valid: it was used, has expired or was replaced by a newer one."
        )
    }
}
