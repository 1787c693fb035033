public import FoundationEssentials

/// One live session of the signed-in user.
public struct SessionBody: Codable, Sendable, Equatable {
    /// The session's UUID in lower case.
    public let id: String
    /// When the user signed in.
    public let createdAt: Date
    /// When the session expires.
    public let expiresAt: Date
    /// Whether it is the session of the request.
    public let current: Bool
    /// The `User-Agent` of the browser that signed in, truncated to 255 characters.
    @ExplicitNull public private(set) var userAgent: String?
    /// The IP address that signed in.
    @ExplicitNull public private(set) var ipAddress: String?

    private enum CodingKeys: String, CodingKey {
        case id, current
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case userAgent = "user_agent"
        case ipAddress = "ip_address"
    }

    /// Creates a session body.
    public init(id: String, createdAt: Date, expiresAt: Date, current: Bool, userAgent: String?, ipAddress: String?) {
        self.id = id
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.current = current
        self.userAgent = userAgent
        self.ipAddress = ipAddress
    }
}

/// The response of `GET /api/auth/sessions`: live sessions, newest first.
public struct SessionListBody: Codable, Sendable, Equatable {
    /// The sessions: at most 100, including the current one.
    public let sessions: [SessionBody]
    /// The number of live sessions.
    public let total: Int

    /// Creates a list; without a total it is complete.
    public init(sessions: [SessionBody], total: Int? = nil) {
        self.sessions = sessions
        self.total = total ?? sessions.count
    }

    /// Decodes a list; the previous version of the API sends no total.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            sessions: try container.decode([SessionBody].self, forKey: .sessions),
            total: try container.decodeIfPresent(Int.self, forKey: .total)
        )
    }
}

/// The response of `DELETE /api/auth/sessions`.
public struct EndedSessionsBody: Codable, Sendable, Equatable {
    /// The number of ended sessions.
    public let ended: Int

    /// Creates a response.
    public init(ended: Int) { self.ended = ended }
}
