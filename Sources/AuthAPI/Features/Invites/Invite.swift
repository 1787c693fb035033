import FoundationEssentials
import Shared

/// An invitation to use.
struct InviteUse: Sendable {
    let hashes: CodeHashes
    /// The email address of the account.
    let email: String
}

/// A new invitation.
struct NewInvite: Sendable {
    let id: UUID
    let hash: [UInt8]
    /// The only email address that may use it; nil for any.
    let email: EmailAddress?
    let uses: Int32
    /// The lifetime in seconds.
    let lifetime: Int64
}

/// An invitation, as operators see it.
struct InviteRecord: Sendable, Equatable, Encodable {
    /// The UUID in lower case.
    let id: String
    /// The only email address that may use it; nil for any.
    let email: String?
    let uses: Int32
    let used: Int32
    let createdAt: Date
    let expiresAt: Date

    private enum CodingKeys: String, CodingKey {
        case id, email, uses, used
        case createdAt = "created_at"
        case expiresAt = "expires_at"
    }
}
