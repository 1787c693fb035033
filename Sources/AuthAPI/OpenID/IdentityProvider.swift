import FoundationEssentials
import Shared

/// A provider that vouches for who somebody is: where to send the browser, and what to make of it when it is back.
protocol IdentityProvider: Sendable {
    /// Where to send the browser (RFC 6749, section 4.1.1; PKCE with S256: RFC 7636, section 4.3).
    ///
    /// - Throws: ``ProviderError``.
    func authorizationURL(for request: AuthorizationRequest) async throws(ProviderError) -> String

    /// Exchanges a code and checks whom the provider vouches for.
    ///
    /// - Throws: ``ProviderError``.
    func identity(for answer: AuthorizationAnswer) async throws(ProviderError) -> ProviderIdentity

    /// Revokes a token and what was granted with it (RFC 7009); does nothing where the provider has no endpoint for that.
    ///
    /// - Throws: ``ProviderError`` unless the provider says that the token is worthless from then on.
    func revoke(_ token: Secret) async throws(ProviderError)
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
    /// Whether the provider asks which account to use, even when only one is signed in there.
    var choosesAccount = false
    /// Whether the person has to sign in at the provider again, as far as the provider can ask for that.
    var reauthenticates = false
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
    /// When the flow began, for flows that have the person sign in again: not before that must it have been.
    var authenticatedSince: Date?
}

/// A provider account.
struct ProviderIdentity: Sendable {
    let provider: OAuthProvider
    /// The issuer under that key: the same subject at another issuer is another user.
    let issuer: String
    /// What the provider calls the person: at most 255 characters; never the email, which can change hands.
    let subject: String
    /// The address that the provider has verified; nil when it reports none, or none that accounts here can have.
    let email: EmailAddress?
    /// The address that the provider reports without having verified it: only to be shown to the user.
    let unverifiedEmail: EmailAddress?
    /// Whether the provider is the authority for the email today: see ``EmailAuthority``.
    let isEmailAuthority: Bool
    /// A name to show, within the rules of ``DisplayName``; nil when the provider gave none.
    let displayName: String?
    /// A picture on a host that pages may show pictures from.
    let avatarURL: String?
    let tokens: ProviderTokens
    /// When the person signed in at the provider, where it says so.
    var authenticatedAt: Date?
}

/// What a provider lets this site do on behalf of the person.
struct ProviderTokens: Sendable {
    let accessToken: Secret
    let refreshToken: Secret?
    /// When the access token expires, if the provider said.
    let expiresAt: Date?
}

/// Why a sign-in through a provider failed: at the provider, or in the flow.
struct ProviderError: Error, Sendable {
    /// What the user is told.
    let failure: OAuthFailure
    /// What the operator is told: a fixed text, so that nothing a provider sent can reach the log by accident.
    let reason: StaticString
    /// What the operator has to compare, under fixed names; values are escaped and cut.
    var details: [(name: String, value: LogExcerpt)]

    init(_ failure: OAuthFailure, _ reason: StaticString, details: [(name: String, value: LogExcerpt)] = []) {
        self.failure = failure
        self.reason = reason
        self.details = details
    }

    /// An error that the provider named by a code of its own.
    init(_ failure: OAuthFailure, _ reason: StaticString, providerError: LogExcerpt?) {
        self.init(failure, reason, details: providerError.map { [("provider_error", $0)] } ?? [])
    }
}

/// A short text from outside as the log may have it: visible ASCII, everything else escaped, cut to a fixed length.
///
/// Only for what is public: issuers, client identifiers, error codes of RFC 6749. None of these has an `@`, so that a text
/// with one is withheld: it may be an email, or an address with a password.
struct LogExcerpt: Sendable, CustomStringConvertible {
    /// The most bytes of the text that are kept.
    static let maximumLength = 200

    let description: String

    init(_ text: some StringProtocol) {
        guard !text.utf8.contains(UInt8(ascii: "@")) else {
            description = "(withheld: it has an @)"
            return
        }
        var excerpt = ""
        for byte in text.utf8.prefix(Self.maximumLength) {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "\\") {
                excerpt.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                excerpt += "\\x" + [byte].hex
            }
        }
        description = text.utf8.count > Self.maximumLength ? excerpt + "…" : excerpt
    }

    /// An error code of a provider (RFC 6749, sections 4.1.2.1 and 5.2); nil for anything that does not look like one.
    init?(errorCode text: some StringProtocol) {
        let isCode =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
        guard isCode else { return nil }
        description = String(text)
    }
}
