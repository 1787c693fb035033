public import FoundationEssentials

/// One live session of the signed-in user.
public struct SessionBody: Codable, Sendable, Equatable {
    /// The session's UUID in lower case.
    public let id: String
    /// When the user signed in.
    public let createdAt: Date
    /// When the session ends by itself.
    public let expiresAt: Date
    /// Whether it is the session that asks.
    public let current: Bool
    /// The `User-Agent` of the browser that signed in, cut to 255 characters.
    public let userAgent: String?
    /// The address that signed in.
    public let ipAddress: String?

    private enum CodingKeys: String, CodingKey {
        case id, current
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case userAgent = "user_agent"
        case ipAddress = "ip_address"
    }

    /// Makes a session body.
    public init(id: String, createdAt: Date, expiresAt: Date, current: Bool, userAgent: String?, ipAddress: String?) {
        self.id = id
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.current = current
        self.userAgent = userAgent
        self.ipAddress = ipAddress
    }

    /// Writes every key, null ones too, so that clients can rely on the shape.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(current, forKey: .current)
        try container.encode(userAgent, forKey: .userAgent)
        try container.encode(ipAddress, forKey: .ipAddress)
    }
}

/// The answer of `GET /api/auth/sessions`: live sessions, newest first.
public struct SessionListBody: Codable, Sendable, Equatable {
    /// The sessions: at most 100, the one that asks among them.
    public let sessions: [SessionBody]
    /// How many live sessions there are.
    public let total: Int

    /// Makes a list; without a total it is whole.
    public init(sessions: [SessionBody], total: Int? = nil) {
        self.sessions = sessions
        self.total = total ?? sessions.count
    }

    /// Reads a list; a server of the version before gives no total.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            sessions: try container.decode([SessionBody].self, forKey: .sessions),
            total: try container.decodeIfPresent(Int.self, forKey: .total)
        )
    }
}

/// The answer of `DELETE /api/auth/sessions`.
public struct EndedSessionsBody: Codable, Sendable, Equatable {
    /// How many sessions were ended.
    public let ended: Int

    /// Makes an answer.
    public init(ended: Int) { self.ended = ended }
}
