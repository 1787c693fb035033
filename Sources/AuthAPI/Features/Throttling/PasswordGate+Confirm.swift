import FoundationEssentials
import Logging
import Shared

/// The field in which a signed-in user enters the password again.
enum ConfirmationField: String, Sendable {
    /// To replace it; a user who has a password cannot do without.
    case currentPassword = "current_password"
    /// To confirm something else, for which signing in again at a provider will do, too.
    case password
}

/// What shows that whoever asks is the user, and not somebody with a stolen session.
struct Confirmation: Sendable {
    enum Proof: Sendable {
        case password
        /// The user signed in again at a provider, less than ``PasswordGate/reauthenticationLifetime`` ago.
        case provider
    }

    let own: OwnCredentials
    let proof: Proof
    /// What was taken for it.
    let attempts: [Attempt]
}

extension PasswordGate {
    /// For how many seconds signing in again at a provider confirms changes.
    static let reauthenticationLifetime: TimeInterval = 600

    /// Confirms that whoever asks is the user (OWASP Authentication, "Require Re-authentication for Sensitive Features").
    ///
    /// The attempts are counted by user, apart from those of sign-ins: only a session of the user takes them, so no
    /// stranger can use them up. Setting a first password takes one, too.
    ///
    /// - Parameters:
    ///   - password: what was entered; nil when nothing was.
    ///   - field: where it was entered.
    ///   - user: who has to confirm.
    ///   - trace: from where.
    /// - Returns: the confirmation; whoever acts on it gives the attempts back.
    /// - Throws: `invalid_fields` for a password that is missing or wrong, `reauthentication_required`, `unauthenticated`
    ///   when the session has ended, `too_many_requests`, `overloaded`.
    func confirm(
        _ password: Password?,
        in field: ConfirmationField,
        of user: SignedIn,
        from trace: RequestTrace
    ) async throws -> Confirmation {
        let attempt = Attempt(key: keys.owner(user.user.id), limit: limits.device)
        let (own, proof) = try await hasher.admitting { () async throws -> (OwnCredentials, Confirmation.Proof?) in
            let (wait, own) = try await store.take(attempt, confirming: user, from: trace, at: now())
            if let wait { throw Self.tooMany(wait, "confirmation throttled") }
            do {
                guard let own else { throw APIError(.unauthenticated) }
                return (own, try await self.proof(password, in: field, for: own))
            } catch {
                // Nothing was guessed.
                try? await store.giveBack([attempt])
                throw error
            }
        }
        guard let proof else {
            try await audit.record(FailedConfirmation(user: user, trace: trace))
            throw Self.fault(of: field, .incorrect, "The password is wrong.")
        }
        return Confirmation(own: own, proof: proof, attempts: [attempt])
    }

    /// Gives back what was taken for a check that comes to nothing; where this fails, time brings it back.
    func giveBack(_ attempts: [Attempt]) async {
        try? await store.giveBack(attempts)
    }

    /// What the user has shown; nil for a wrong password.
    private func proof(
        _ password: Password?,
        in field: ConfirmationField,
        for own: OwnCredentials
    ) async throws -> Confirmation.Proof? {
        let hash = own.credentials.passwordHash
        if let password { return try await hasher.verify(password, against: hash) == .wrong ? nil : .password }
        let isMandatory = field == .currentPassword && hash != nil
        if !isMandatory, let time = own.reauthenticatedAt,
            time > now().addingTimeInterval(-Self.reauthenticationLifetime)
        {
            return .provider
        }
        guard hash == nil else { throw Self.fault(of: field, .required, "Enter your password.") }
        throw APIError(.reauthenticationRequired, detail: "Sign in again at a provider first.")
    }

    private static func fault(of field: ConfirmationField, _ code: FieldErrorCode, _ detail: String) -> APIError {
        .invalidFields([FieldError(field: field.rawValue, code: code, detail: detail)])
    }
}
