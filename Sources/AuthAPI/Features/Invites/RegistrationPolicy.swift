import Shared

/// Who may create an account: the rules of `REGISTRATION` and `REGISTRATION_DOMAINS`, for the form and for providers.
struct RegistrationPolicy: Sendable {
    /// Why an account cannot be created.
    enum Rejection: String, Error, Sendable, Equatable {
        case closed = "registration_closed"
        /// There is no invitation, or it is wrong, used, expired, revoked, or for another address.
        case notInvited = "not_invited"
        case domain = "domain_not_allowed"
    }

    let settings: RegistrationSettings
    let store: InviteStore
    let codes: OneTimeCodeKeys

    /// Checks that new accounts are accepted.
    ///
    /// - Throws: `registration_closed`.
    func requireOpen() throws {
        guard settings.mode != .closed else { throw Rejection.closed.error(code: nil) }
    }

    /// Checks that an invitation is live; the transaction that uses it checks again.
    ///
    /// - Throws: ``Rejection`` when it is not.
    func requireLive(_ invite: InviteUse?) async throws {
        if let invite, try await !store.isLive(invite) { throw Rejection.notInvited }
    }

    /// Checks the rules that do not depend on the email address, before it is known.
    ///
    /// - Throws: why no account may be created.
    func requireInvite(code: String?) throws(Rejection) {
        guard settings.mode != .closed else { throw .closed }
        if settings.mode == .invite, code.flatMap(OneTimeCode.init(typed:)) == nil { throw .notInvited }
    }

    /// Checks whether an account with the email address may be created, and with which invitation.
    ///
    /// - Parameters:
    ///   - email: the email address of the account.
    ///   - code: the code of an invitation.
    /// - Returns: the invitation to use; nil when none is required.
    /// - Throws: why it may not.
    func invite(for email: EmailAddress, code: String?) throws(Rejection) -> InviteUse? {
        guard settings.mode != .closed else { throw .closed }
        guard settings.allows(email) else { throw .domain }
        guard settings.mode == .invite else { return nil }
        guard let code = code.flatMap(OneTimeCode.init(typed:)) else { throw .notInvited }
        return InviteUse(hashes: codes.candidates(code), email: email.value)
    }
}

extension RegistrationPolicy.Rejection {
    /// The error of a registration with a form.
    func error(code: String?) -> APIError {
        switch self {
        case .closed: APIError(.registrationClosed, detail: "New accounts are not accepted on this site.")
        case .domain:
            .invalidFields([
                FieldError(
                    field: "email",
                    code: .domainNotAllowed,
                    detail: "Addresses of this domain cannot create an account here."
                )
            ])
        case .notInvited:
            .invalidFields([
                code == nil
                    ? FieldError(
                        field: "invite",
                        code: .required,
                        detail: "An invitation is needed to create an account."
                    )
                    : FieldError(
                        field: "invite",
                        code: .invalidInvite,
                        detail: "The invitation is not valid: it was used, has expired, or is for another address."
                    )
            ])
        }
    }
}

extension RegistrationPolicy.Rejection {
    /// The error of a provider sign-in.
    var providerError: ProviderError {
        switch self {
        case .closed: ProviderError(.registrationClosed, "REGISTRATION is closed: no account is created")
        case .notInvited: ProviderError(.notInvited, "REGISTRATION is invite, and there is no valid invitation")
        case .domain: ProviderError(.domainNotAllowed, "the email's domain is not among REGISTRATION_DOMAINS")
        }
    }
}
