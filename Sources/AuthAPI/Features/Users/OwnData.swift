import FoundationEssentials
import Shared

/// Everything that is stored about a user, for download: no secrets, and no data of other users.
struct OwnData: Sendable, Encodable {
    /// The maximum number of events, newest first; few users have more.
    static let eventLimit: Int64 = 5000

    struct Account: Sendable, Encodable {
        let id: String
        let email: String
        let name: String
        @ExplicitNull var avatarURL: String?
        let hasPassword: Bool
        @ExplicitNull var emailVerifiedAt: Date?
        let createdAt: Date
        let updatedAt: Date

        private enum CodingKeys: String, CodingKey {
            case id, email, name
            case avatarURL = "avatar_url"
            case hasPassword = "has_password"
            case emailVerifiedAt = "email_verified_at"
            case createdAt = "created_at"
            case updatedAt = "updated_at"
        }
    }

    /// A provider account, linked or disconnected.
    struct Identity: Sendable, Encodable {
        let provider: String
        /// The provider's identifier of the user.
        let providerUserID: String
        /// The issuer at which it was linked; empty if an earlier version linked it and its provider has been off since.
        let issuer: String
        /// Nil for disconnected ones.
        @ExplicitNull var email: String?
        @ExplicitNull var linkedAt: Date?
        @ExplicitNull var disconnectedAt: Date?

        private enum CodingKeys: String, CodingKey {
            case provider, issuer, email
            case providerUserID = "provider_user_id"
            case linkedAt = "linked_at"
            case disconnectedAt = "disconnected_at"
        }
    }

    /// An event of the audit trail.
    struct Event: Sendable, Encodable {
        let occurredAt: Date
        let event: String
        @ExplicitNull var detail: String?
        @ExplicitNull var provider: String?
        @ExplicitNull var sessionID: String?
        @ExplicitNull var ipAddress: String?
        @ExplicitNull var userAgent: String?

        private enum CodingKeys: String, CodingKey {
            case event, detail, provider
            case occurredAt = "occurred_at"
            case sessionID = "session_id"
            case ipAddress = "ip_address"
            case userAgent = "user_agent"
        }
    }

    let account: Account
    let identities: [Identity]
    let sessions: [SessionBody]
    /// Newest first, at most ``eventLimit``.
    let events: [Event]
    /// The total number of events.
    let eventsTotal: Int64

    private enum CodingKeys: String, CodingKey {
        case account, identities, sessions, events
        case eventsTotal = "events_total"
    }
}
