import FoundationEssentials
import Logging
import Shared

/// The field in which a signed-in user confirms with the password.
enum ConfirmationField: String, Sendable {
    /// To change it; required for users who have a password.
    case currentPassword = "current_password"
    /// To confirm another change; signing in again at a provider is an alternative.
    case password
}

/// The proof that the request is from the user, and not from an attacker with a stolen session.
struct Confirmation: Sendable {
    enum Proof: Sendable {
        case password
        /// The user signed in again at a provider, less than ``PasswordGate/reauthenticationLifetime`` ago.
        case provider
    }

    let own: OwnCredentials
    let proof: Proof
    /// The attempts taken for it.
    let attempts: [Attempt]
}

extension PasswordGate {
    /// How long signing in again at a provider confirms changes, in seconds.
    static let reauthenticationLifetime: TimeInterval = 600

    /// Confirms that the request is from the user (OWASP Authentication, "Require Re-authentication for Sensitive
    /// Features").
    ///
    /// Attempts are counted per user, separately from sign-ins: only a session of the user can use them, so an attacker
    /// without one cannot exhaust them. Setting the first password also takes one.
    ///
    /// - Parameters:
    ///   - password: the entered password; nil if there is none.
    ///   - field: the field of the password.
    ///   - visitor: the user and the session.
    ///   - trace: the origin of the request.
    /// - Returns: the confirmation; the caller returns the attempts.
    /// - Throws: `invalid_fields` for a missing or wrong password, `reauthentication_required`, `unauthenticated` when
    ///   the session has ended, `too_many_requests`, `overloaded`.
    func confirm(
        _ password: Password?,
        in field: ConfirmationField,
        of visitor: SignedIn,
        from trace: RequestTrace
    ) async throws -> Confirmation {
        let attempt = limiter.attempt(limiter.keys.owner(visitor.user.id))
        let (own, proof) = try await hasher.pool.admitting {
            () async throws -> (OwnCredentials, Confirmation.Proof?) in
            let (wait, own) = try await limiter.store.take(attempt, confirming: visitor, from: trace, at: limiter.now())
            if let wait { throw RateLimiter.tooMany(wait, "confirmation throttled") }
            do {
                guard let own else { throw APIError(.unauthenticated) }
                return (own, try await self.proof(password, in: field, for: own))
            } catch {
                // No password was checked.
                await refund([attempt])
                throw error
            }
        }
        guard let proof else {
            try await audit.record(FailedConfirmation(visitor: visitor, trace: trace))
            throw Self.fault(of: field, .incorrect, "The password is wrong.")
        }
        return Confirmation(own: own, proof: proof, attempts: [attempt])
    }

    /// Returns the attempts of an abandoned check; if this fails, they return with time.
    func refund(_ attempts: [Attempt]) async {
        try? await limiter.store.refund(attempts)
    }

    /// The proof; nil for a wrong password.
    private func proof(
        _ password: Password?,
        in field: ConfirmationField,
        for own: OwnCredentials
    ) async throws -> Confirmation.Proof? {
        let hash = own.credentials.passwordHash
        if let password { return try await hasher.verify(password, against: hash) == .wrong ? nil : .password }
        let isMandatory = field == .currentPassword && hash != nil
        if !isMandatory, own.isConfirmed(at: limiter.now()) { return .provider }
        guard hash == nil else { throw Self.fault(of: field, .required, "Enter your password.") }
        throw APIError(.reauthenticationRequired, detail: "Sign in again at a provider first.")
    }

    private static func fault(of field: ConfirmationField, _ code: FieldErrorCode, _ detail: String) -> APIError {
        .invalidFields([FieldError(field: field.rawValue, code: code, detail: detail)])
    }
}
