import FoundationEssentials

/// A live session, as operators see it.
struct SessionRecord: Sendable, Equatable, Encodable {
    /// The UUID in lower case.
    let id: String
    /// The user's email address.
    let email: String
    let createdAt: Date
    let expiresAt: Date
    let userAgent: String?
    let ipAddress: String?

    private enum CodingKeys: String, CodingKey {
        case id, email
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case userAgent = "user_agent"
        case ipAddress = "ip_address"
    }
}
