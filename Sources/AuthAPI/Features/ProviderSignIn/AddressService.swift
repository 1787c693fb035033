import FoundationEssentials
import Shared

/// The rules of creating an account for an identity without a verified email address.
struct AddressService: Sendable {
    let store: IdentityStore
    let sessions: SessionService
    let limiter: RateLimiter
    /// The providers that are set up.
    let providers: ProviderList
    /// The rules of new accounts.
    var policy: RegistrationPolicy { store.registration }

    /// Creates an account with the address that the user entered, linked to the identity and to nothing else, and opens
    /// its first session; ends the sessions of the browser's tokens.
    ///
    /// The address is unverified, as after a registration with a password, and the same rules, limits and responses
    /// apply: the provider cannot bypass them.
    ///
    /// - Throws: `email_taken`, `registration_closed`, `invalid_fields` for a rejected email address or invitation,
    ///   `no_pending_connection` when the identity was linked or disconnected, or its provider is off or has another
    ///   issuer, `too_many_requests`.
    func register(
        _ pending: PendingAddress,
        email: EmailAddress,
        invite code: String?,
        replacing presented: [Secret],
        from trace: RequestTrace
    ) async throws -> OpenedSession {
        guard providers.signsIn(pending.provider, linkedAt: pending.issuer) else { throw APIError.noPendingAddress }
        do throws(any Error) {
            let invite = try policy.invite(for: email, code: code)
            try await limiter.admitRegistration(from: trace)
            let user = User(email: email, name: pending.name, avatarURL: pending.avatarURL)
            let identity = IdentityID.random()
            let session = try await sessions.prepare(
                for: user,
                through: pending.provider,
                identity: identity,
                replacing: presented,
                from: trace
            )
            try await store.register(pending.key, as: identity, of: user, session: session.row, using: invite)
            return OpenedSession(user: user, token: session.token)
        } catch let rejection as RegistrationPolicy.Rejection {
            throw rejection.error(code: code)
        }
    }
}
