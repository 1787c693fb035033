import FoundationEssentials
import Shared

/// A link's identifier.
typealias IdentityID = UUID

/// A provider account linked to a user.
struct LinkedIdentity: Sendable {
    let id: IdentityID
    let provider: OAuthProvider
    /// The issuer at which it was linked; empty if an earlier version linked it.
    let issuer: String
    /// The address of the provider account when it was last used.
    let email: String?
    let linkedAt: Date

    /// The link, as the user sees it.
    func body(_ providers: ProviderList) -> IdentityBody {
        IdentityBody(
            id: id.lowercaseText,
            provider: provider,
            email: email,
            linkedAt: linkedAt,
            isUsable: providers.signsIn(provider, linkedAt: issuer)
        )
    }
}

/// The sign-in methods of a user.
struct SignInMethods: Sendable {
    /// Oldest first.
    let identities: [LinkedIdentity]
    let hasPassword: Bool

    /// Whether the user can still sign in without one of the identities: by password or through an enabled provider.
    func suffice(without identity: IdentityID, _ providers: ProviderList) -> Bool {
        hasPassword || identities.contains { $0.id != identity && providers.signsIn($0.provider, linkedAt: $0.issuer) }
    }
}

/// The rules of linked provider accounts.
struct IdentityService: Sendable {
    let store: IdentityStore
    /// The providers that are set up.
    let providers: ProviderList
    var now: @Sendable () -> Date = { Date.now }

    /// The ways in which the user can sign in.
    func methods(of visitor: SignedIn) async throws -> SignInMethods {
        try await store.methods(of: visitor.user.id)
    }

    /// The enabled providers without an account linked to the user.
    func linkable(besides methods: SignInMethods) -> [OAuthProvider] {
        providers.all.map(\.key).filter { provider in
            !methods.identities.contains { $0.provider == provider }
        }
    }

    /// How the user can confirm a change: with a password, until when by the last sign-in at a provider, and the providers
    /// at which to sign in again.
    ///
    /// - Throws: `unauthenticated` when the session has ended.
    func confirmation(
        of visitor: SignedIn
    ) async throws -> (hasPassword: Bool, until: Date?, providers: [OAuthProvider]) {
        let now = now()
        let (own, identities) = try await store.confirmation(of: visitor, at: now)
        let until = own.reauthenticatedAt?.addingTimeInterval(PasswordGate.reauthenticationLifetime)
        return (
            own.credentials.passwordHash != nil, until.flatMap { $0 > now ? $0 : nil },
            identities.filter { providers.signsIn($0.provider, linkedAt: $0.issuer) }.map(\.provider)
        )
    }

    /// Unlinks a provider account, and ends the sessions that it opened.
    ///
    /// - Throws: `identity_not_found`, and `last_sign_in_method` when the user could no longer sign in.
    func unlink(_ identity: IdentityID, of visitor: SignedIn, from trace: RequestTrace) async throws {
        try await store.unlink(identity, of: visitor, from: trace) { methods in
            guard methods.identities.contains(where: { $0.id == identity }) else { throw Self.notFound }
            guard methods.suffice(without: identity, providers) else {
                throw APIError(.lastSignInMethod, detail: "Without this account you could no longer sign in.")
            }
        }
    }

    static let notFound = APIError(.identityNotFound, detail: "No such account is linked to you.")
}
