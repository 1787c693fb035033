import FoundationEssentials
import Shared

/// A provider that vouches for who somebody is: where to send the browser, and what to make of it when it is back.
protocol IdentityProvider: Sendable {
    /// Which provider it is.
    var name: OAuthProvider { get }

    /// Where to send the browser (RFC 6749, section 4.1.1; PKCE with S256: RFC 7636, section 4.3).
    ///
    /// - Throws: ``ProviderError``.
    func authorizationURL(for request: AuthorizationRequest) async throws(ProviderError) -> String

    /// Exchanges a code and checks whom the provider vouches for.
    ///
    /// - Throws: ``ProviderError``, also where the provider has not verified an email.
    func identity(for answer: AuthorizationAnswer) async throws(ProviderError) -> ProviderIdentity
}

/// What a flow asks of a provider.
struct AuthorizationRequest: Sendable {
    /// Ties the answer to the browser that asked (RFC 6749, section 10.12).
    let state: String
    /// Ties an ID token to the flow (OpenID Connect Core, section 3.1.2.1); a provider without ID tokens ignores it.
    let nonce: String
    /// BASE64URL(SHA256(verifier)).
    let codeChallenge: String
    /// Where the provider sends the browser back to.
    let redirectURI: String
}

/// What came back to the callback, and what the flow remembers.
struct AuthorizationAnswer: Sendable {
    let code: Secret
    /// The `iss` parameter of the answer, if there was one (RFC 9207).
    let issuer: String?
    /// What the challenge was made of.
    let verifier: Secret
    let nonce: Secret
    /// The same as in the request (RFC 6749, section 4.1.3).
    let redirectURI: String
}

/// A provider account whose email the provider has verified.
struct ProviderIdentity: Sendable {
    let provider: OAuthProvider
    /// What the provider calls the person: at most 255 characters; never the email, which can change hands.
    let subject: String
    let email: EmailAddress
    /// A name to show, within the rules of ``DisplayName``; nil when the provider gave none.
    let displayName: String?
    /// A picture on a host that pages may show pictures from.
    let avatarURL: String?
    let tokens: ProviderTokens
}

/// What a provider lets this site do on behalf of the person.
struct ProviderTokens: Sendable {
    let accessToken: Secret
    let refreshToken: Secret?
    /// When the access token expires, if the provider said.
    let expiresAt: Date?
}

/// Why a provider did not vouch for anybody.
struct ProviderError: Error, Sendable {
    /// What to tell the person.
    let failure: OAuthFailure
    /// What to tell the operator: a fixed text, so that nothing that a provider sent can reach the log.
    let reason: StaticString
}
