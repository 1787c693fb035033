import FoundationEssentials
import Shared

/// Everything that is stored about a user, as the user downloads it: no secrets, and nothing of anybody else.
struct OwnData: Sendable, Encodable {
    /// The most events that are given, the newest first; there are more only where somebody signs in all day long.
    static let eventLimit: Int64 = 5000

    /// The account.
    struct Account: Sendable, Encodable {
        let id: String
        let email: String
        let name: String
        let avatarURL: String?
        let hasPassword: Bool
        let emailVerifiedAt: Date?
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

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode(email, forKey: .email)
            try container.encode(name, forKey: .name)
            try container.encode(avatarURL, forKey: .avatarURL)
            try container.encode(hasPassword, forKey: .hasPassword)
            try container.encode(emailVerifiedAt, forKey: .emailVerifiedAt)
            try container.encode(createdAt, forKey: .createdAt)
            try container.encode(updatedAt, forKey: .updatedAt)
        }
    }

    /// A provider account, linked or disconnected.
    struct Identity: Sendable, Encodable {
        let provider: String
        /// What the provider calls the user.
        let providerUserID: String
        /// Nil for disconnected ones.
        let email: String?
        let linkedAt: Date?
        let disconnectedAt: Date?

        private enum CodingKeys: String, CodingKey {
            case provider, email
            case providerUserID = "provider_user_id"
            case linkedAt = "linked_at"
            case disconnectedAt = "disconnected_at"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(provider, forKey: .provider)
            try container.encode(providerUserID, forKey: .providerUserID)
            try container.encode(email, forKey: .email)
            try container.encode(linkedAt, forKey: .linkedAt)
            try container.encode(disconnectedAt, forKey: .disconnectedAt)
        }
    }

    /// An event of the audit trail.
    struct Event: Sendable, Encodable {
        let occurredAt: Date
        let event: String
        let detail: String?
        let provider: String?
        let sessionID: String?
        let ipAddress: String?
        let userAgent: String?

        private enum CodingKeys: String, CodingKey {
            case event, detail, provider
            case occurredAt = "occurred_at"
            case sessionID = "session_id"
            case ipAddress = "ip_address"
            case userAgent = "user_agent"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(occurredAt, forKey: .occurredAt)
            try container.encode(event, forKey: .event)
            try container.encode(detail, forKey: .detail)
            try container.encode(provider, forKey: .provider)
            try container.encode(sessionID, forKey: .sessionID)
            try container.encode(ipAddress, forKey: .ipAddress)
            try container.encode(userAgent, forKey: .userAgent)
        }
    }

    let account: Account
    let identities: [Identity]
    let sessions: [SessionBody]
    /// The newest first, at most ``eventLimit``.
    let events: [Event]
    /// How many events there are.
    let eventsTotal: Int64

    private enum CodingKeys: String, CodingKey {
        case account, identities, sessions, events
        case eventsTotal = "events_total"
    }
}
