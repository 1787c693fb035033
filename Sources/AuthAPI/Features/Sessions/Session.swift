import Crypto
import FoundationEssentials
import Shared

/// A session's ID: the `jti` of its token.
typealias SessionID = UUID

/// A stored session.
struct Session: Sendable, Equatable {
    let id: SessionID
    let createdAt: Date
    let expiresAt: Date
    let client: ClientInfo

    /// The session, as its user sees it.
    func body(current: SessionID) -> SessionBody {
        SessionBody(
            id: id.lowercaseText,
            createdAt: createdAt,
            expiresAt: expiresAt,
            current: id == current,
            userAgent: client.userAgent,
            ipAddress: client.address
        )
    }
}

/// A new session.
struct NewSession: Sendable {
    let id: SessionID
    let userID: UserID
    let tokenHash: TokenHash
    let createdAt: Date
    let expiresAt: Date
    /// The provider of the sign-in; nil for a password.
    let provider: OAuthProvider?
    /// The identity of the sign-in, with which the session ends; nil for a password.
    let identity: IdentityID?
    /// The tokens of the browser's previous sessions, which it ends.
    let replaced: [TokenHash]
    let trace: RequestTrace
}

/// A session that has just been stored, with its token.
struct OpenedSession: Sendable {
    let user: User
    let token: Secret
}

/// The stored hash of a token: its SHA-256.
///
/// A fast hash suffices: the token is random and cannot be guessed.
struct TokenHash: Sendable, Hashable {
    let bytes: [UInt8]

    /// The hash as it was stored.
    init(stored bytes: [UInt8]) { self.bytes = bytes }

    init(of token: Secret) { bytes = Array(SHA256.hash(data: Array(token.value.utf8))) }
}

/// The client that signed in, for the list of sessions.
struct ClientInfo: Sendable, Equatable {
    /// The maximum stored length of a `User-Agent` in code points.
    static let maximumUserAgentLength = 255

    /// The `User-Agent`, without control characters.
    let userAgent: String?
    /// The IP address.
    let address: String?

    init(userAgent: String?, address: String?) {
        self.userAgent = userAgent.map { text in
            let kept = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
            return String(String.UnicodeScalarView(kept.prefix(Self.maximumUserAgentLength)))
        }
        self.address = address
    }
}
