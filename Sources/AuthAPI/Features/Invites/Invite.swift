import FoundationEssentials
import Shared

/// An invitation that somebody wants to use.
struct InviteUse: Sendable {
    let hashes: CodeHashes
    /// The address of the account.
    let email: String
}

/// An invitation that is to be stored.
struct NewInvite: Sendable {
    let id: UUID
    let hash: [UInt8]
    /// The one address that may use it; nil for any.
    let email: EmailAddress?
    let uses: Int32
    /// For how many seconds it is valid.
    let lifetime: Int64
}

/// An invitation as an operator sees one.
struct InviteRecord: Sendable, Equatable, Encodable {
    /// The UUID in lower case.
    let id: String
    /// The one address that may use it; nil for any.
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
