import Crypto
import FoundationEssentials
import Shared

/// The state of one flow until the callback, in an encrypted cookie.
struct SignInFlow: BrowserFlow, Equatable {
    let provider: OAuthProvider
    /// Binds the callback to the browser that started the flow (RFC 6749, section 10.12; RFC 9700, section 4.7).
    let state: String
    /// Binds the ID token to the flow (OpenID Connect Core, section 15.5.2).
    let nonce: String
    /// The code verifier (RFC 7636, section 4.1).
    let verifier: String
    /// The page to go to afterwards.
    let returnTo: String?
    /// The user to link the provider account to; nil for flows that sign in.
    let linkTo: UserID?
    /// The session in which the user signs in again to confirm a change; nil for all other flows.
    let confirms: SessionID?
    /// The start, in seconds since 1970; set only for flows that confirm a change.
    let startedAt: Int64?
    /// The invitation code for a new account.
    let invite: String?

    private enum CodingKeys: String, CodingKey {
        case provider = "p"
        case state = "s"
        case nonce = "n"
        case verifier = "v"
        case returnTo = "r"
        case linkTo = "l"
        case invite = "i"
        case confirms = "c"
        case startedAt = "t"
    }

    /// Starts a flow with new random values.
    init(
        _ provider: OAuthProvider,
        returnTo: ReturnPath?,
        linkTo: UserID?,
        confirming: (session: SessionID, now: Date)? = nil,
        invite: String? = nil
    ) {
        self.provider = provider
        state = Base64URL.random256Bits()
        nonce = Base64URL.random256Bits()
        verifier = Base64URL.random256Bits()
        self.returnTo = returnTo?.value
        self.linkTo = linkTo
        confirms = confirming?.session
        startedAt = confirming.map { Int64($0.now.timeIntervalSince1970) }
        self.invite = invite
    }

    /// The page to go to afterwards, checked again because another release may have created the cookie.
    var returnPath: ReturnPath? { returnTo.flatMap { ReturnPath($0) } }

    /// BASE64URL(SHA256(verifier)): the challenge of method S256 (RFC 7636, section 4.2).
    var codeChallenge: String { Base64URL.encode(SHA256.hash(data: Array(verifier.utf8))) }
}

extension SignInFlow: CustomStringConvertible, CustomReflectable {
    /// The provider only: the rest is secret.
    var description: String { "SignInFlow(\(provider.rawValue))" }
    /// Nothing: `dump` would show the secrets.
    var customMirror: Mirror { Mirror(self, children: []) }
}
