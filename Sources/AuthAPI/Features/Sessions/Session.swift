import Crypto
import FoundationEssentials
import Shared

/// A session's identifier: the `jti` of its token.
typealias SessionID = UUID

/// A session as its row has it.
struct Session: Sendable, Equatable {
    let id: SessionID
    let createdAt: Date
    let expiresAt: Date
    let client: ClientInfo

    /// The session as its owner sees it.
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

/// A session that is not stored yet.
struct NewSession: Sendable {
    let id: SessionID
    let userID: UserID
    let tokenHash: TokenHash
    let createdAt: Date
    let expiresAt: Date
    /// The provider that vouched for its owner; nil when a password did.
    let provider: OAuthProvider?
    /// The identity that it was opened through, with which it ends; nil when a password opened it.
    let identity: IdentityID?
    let trace: RequestTrace
}

/// A session that has just been stored, with the one copy of its token.
struct OpenedSession: Sendable {
    let user: User
    let token: Secret
}

/// What stands in the database in place of a token: its SHA-256.
///
/// A fast hash is right here: the token is random, so there is nothing to guess.
struct TokenHash: Sendable, Hashable {
    let bytes: [UInt8]

    init(of token: Secret) { bytes = Array(SHA256.hash(data: Array(token.value.utf8))) }
}

/// From where somebody signed in, for the list of sessions.
struct ClientInfo: Sendable, Equatable {
    /// The most code points that are kept of a `User-Agent`.
    static let maximumUserAgentLength = 255

    /// The browser's own description, without control characters.
    let userAgent: String?
    /// The address.
    let address: String?

    init(userAgent: String?, address: String?) {
        self.userAgent = userAgent.map { text in
            let kept = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
            return String(String.UnicodeScalarView(kept.prefix(Self.maximumUserAgentLength)))
        }
        self.address = address
    }
}
