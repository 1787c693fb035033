import FoundationEssentials
import Shared

/// A provider that authenticates users: creates authorization requests and handles the responses.
protocol IdentityProvider: Sendable {
    /// The URL of the authorization request (RFC 6749, section 4.1.1; PKCE with S256: RFC 7636, section 4.3).
    ///
    /// - Throws: ``ProviderError``.
    func authorizationURL(for request: AuthorizationRequest) async throws(ProviderError) -> String

    /// Exchanges a code and verifies the identity.
    ///
    /// - Throws: ``ProviderError``.
    func identity(for response: AuthorizationResponse) async throws(ProviderError) -> ProviderIdentity

    /// Revokes a token and its grant (RFC 7009); does nothing if the provider has no endpoint for it.
    ///
    /// - Throws: ``ProviderError`` unless the provider confirms that the token is no longer valid.
    func revoke(_ token: Secret) async throws(ProviderError)
}

/// The parameters of an authorization request.
struct AuthorizationRequest: Sendable {
    /// Binds the response to the browser that started the flow (RFC 6749, section 10.12).
    let state: String
    /// Binds an ID token to the flow (OpenID Connect Core, section 3.1.2.1); a provider without ID tokens ignores it.
    let nonce: String
    /// BASE64URL(SHA256(verifier)).
    let codeChallenge: String
    /// The redirect URI.
    let redirectURI: String
    /// Whether the provider asks which account to use, even if only one is signed in there.
    var choosesAccount = false
    /// Whether the user must sign in at the provider again, as far as the provider supports it.
    var reauthenticates = false
}

/// The values of the callback and of the stored flow.
struct AuthorizationResponse: Sendable {
    let code: Secret
    /// The `iss` parameter of the response, if present (RFC 9207).
    let issuer: String?
    /// The code verifier of the challenge.
    let verifier: Secret
    let nonce: Secret
    /// The same as in the request (RFC 6749, section 4.1.3).
    let redirectURI: String
    /// The start of a flow in which the user signs in again: the sign-in must not be earlier.
    var authenticatedSince: Date?
}

/// A provider account.
struct ProviderIdentity: Sendable {
    let provider: OAuthProvider
    /// The issuer: the same subject at another issuer is another user.
    let issuer: String
    /// The provider's identifier of the user, at most 255 characters; never the email address, which can change owners.
    let subject: String
    /// The address that the provider has verified; nil when it reports none, or none that is valid here.
    let email: EmailAddress?
    /// The address that the provider reports without having verified it; only shown to the user.
    let unverifiedEmail: EmailAddress?
    /// Whether the provider is the authority for the email today: see ``EmailAuthority``.
    let isEmailAuthority: Bool
    /// A name to show, within the rules of ``DisplayName``; nil when the provider gave none.
    let displayName: String?
    /// The URL of a picture on a host from which pages may show pictures.
    let avatarURL: String?
    let tokens: ProviderTokens
    /// When the user signed in at the provider, if known.
    var authenticatedAt: Date?
}

/// The tokens with which this site can act on behalf of the user.
struct ProviderTokens: Sendable {
    let accessToken: Secret
    let refreshToken: Secret?
    /// When the access token expires, if known.
    let expiresAt: Date?
}
