import Crypto
import FoundationEssentials
import Shared

/// The state of one flow until the callback, in an encrypted cookie.
struct SignInFlow: BrowserFlow, Equatable {
    /// What a flow is for.
    enum Purpose: Equatable {
        /// Signs in; the invitation code is for a new account.
        case signIn(invite: String?)
        /// Links the provider account to the user.
        case link(UserID)
        /// The user of the session signs in again to confirm a change.
        case confirm(SessionID, startedAt: Date)

        /// When a flow that confirms a change was started; nil for other flows.
        var confirmsSince: Date? { if case .confirm(_, let startedAt) = self { startedAt } else { nil } }
    }

    let provider: OAuthProvider
    /// Binds the callback to the browser that started the flow (RFC 6749, section 10.12; RFC 9700, section 4.7).
    let state: String
    /// Binds the ID token to the flow (OpenID Connect Core, section 15.5.2).
    let nonce: String
    /// The code verifier (RFC 7636, section 4.1).
    let verifier: String
    /// The page to go to afterwards.
    let returnTo: String?
    let purpose: Purpose

    /// Starts a flow with new random values.
    init(_ provider: OAuthProvider, for purpose: Purpose, returnTo: ReturnPath?) {
        self.provider = provider
        self.purpose = purpose
        state = Base64URL.random256Bits()
        nonce = Base64URL.random256Bits()
        verifier = Base64URL.random256Bits()
        self.returnTo = returnTo?.value
    }

    /// The page to go to afterwards, checked again because another release may have created the cookie.
    var returnPath: ReturnPath? { returnTo.flatMap { ReturnPath($0) } }

    /// BASE64URL(SHA256(verifier)): the challenge of method S256 (RFC 7636, section 4.2).
    var codeChallenge: String { Base64URL.encode(SHA256.hash(data: Array(verifier.utf8))) }
}

extension SignInFlow {
    private enum CodingKeys: String, CodingKey {
        case provider = "p"
        case state = "s"
        case nonce = "n"
        case verifier = "v"
        case returnTo = "r"
        case linkTo = "l"
        case invite = "i"
        case confirms = "c"
        /// In seconds since 1970.
        case startedAt = "t"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        provider = try values.decode(OAuthProvider.self, forKey: .provider)
        state = try values.decode(String.self, forKey: .state)
        nonce = try values.decode(String.self, forKey: .nonce)
        verifier = try values.decode(String.self, forKey: .verifier)
        returnTo = try values.decodeIfPresent(String.self, forKey: .returnTo)
        if let session = try values.decodeIfPresent(SessionID.self, forKey: .confirms) {
            let seconds = try values.decode(Int64.self, forKey: .startedAt)
            purpose = .confirm(session, startedAt: Date(timeIntervalSince1970: TimeInterval(seconds)))
        } else if let user = try values.decodeIfPresent(UserID.self, forKey: .linkTo) {
            purpose = .link(user)
        } else {
            purpose = .signIn(invite: try values.decodeIfPresent(String.self, forKey: .invite))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(provider, forKey: .provider)
        try values.encode(state, forKey: .state)
        try values.encode(nonce, forKey: .nonce)
        try values.encode(verifier, forKey: .verifier)
        try values.encodeIfPresent(returnTo, forKey: .returnTo)
        switch purpose {
        case .signIn(let invite): try values.encodeIfPresent(invite, forKey: .invite)
        case .link(let user): try values.encode(user, forKey: .linkTo)
        case .confirm(let session, let startedAt):
            try values.encode(session, forKey: .confirms)
            try values.encode(Int64(startedAt.timeIntervalSince1970), forKey: .startedAt)
        }
    }
}

extension SignInFlow: CustomStringConvertible, CustomReflectable {
    /// The provider only: the rest is secret.
    var description: String { "SignInFlow(\(provider.rawValue))" }
    /// Nothing: `dump` would show the secrets.
    var customMirror: Mirror { Mirror(self, children: []) }
}
