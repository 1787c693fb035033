import Crypto
import FoundationEssentials
import Shared

/// What one visit to a provider must remember until the browser is back; kept sealed in a cookie of its own.
struct SignInFlow: Codable, Sendable, Equatable {
    let provider: OAuthProvider
    /// Ties the provider's answer to the browser that asked (RFC 6749, section 10.12; RFC 9700, section 4.7).
    let state: String
    /// Ties an ID token to the flow (OpenID Connect Core, section 15.5.2).
    let nonce: String
    /// What the code challenge was made of (RFC 7636, section 4.1).
    let verifier: String
    /// The page to go to afterwards.
    let returnTo: String?
    /// The user to link the provider account to; nil for flows that sign in.
    let linkTo: UserID?
    /// The session in which the user signs in again to confirm a change; nil for all other flows.
    let confirms: SessionID?
    /// When it began, in seconds since 1970; only flows that confirm have it.
    let startedAt: Int64?
    /// The code of an invitation, for a new account.
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

    /// Begins a flow with fresh random values.
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

    /// The page to go to afterwards, by today's rule: an older release may have sealed it.
    var returnPath: ReturnPath? { returnTo.flatMap { ReturnPath($0) } }

    /// BASE64URL(SHA256(verifier)): the challenge of method S256 (RFC 7636, section 4.2).
    var codeChallenge: String { Base64URL.encode(SHA256.hash(data: Array(verifier.utf8))) }

    /// Whether the flow began with this state; takes the same time for every wrong one.
    func began(with state: String) -> Bool {
        SHA256.hash(data: Array(state.utf8)) == SHA256.hash(data: Array(self.state.utf8))
    }
}

extension SignInFlow: CustomStringConvertible, CustomReflectable {
    /// The provider alone: the rest is secret.
    var description: String { "SignInFlow(\(provider.rawValue))" }
    /// A mirror without children, so that `dump` tells nothing either.
    var customMirror: Mirror { Mirror(self, children: []) }
}
