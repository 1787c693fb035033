public import FoundationEssentials

/// A provider that people can sign in through.
public enum OAuthProvider: String, Codable, Sendable, CaseIterable {
    case google, discord

    /// The provider's name as people know it, the same in every language.
    public var displayName: String {
        switch self {
        case .google: "Google"
        case .discord: "Discord"
        }
    }
}

/// A provider account linked to the signed-in user.
public struct IdentityBody: Codable, Sendable, Equatable {
    /// The link's UUID in lower case.
    public let id: String
    /// Whose account it is.
    public let provider: OAuthProvider
    /// The address that the provider account had when it was last used.
    public let email: String?
    /// When it was linked.
    public let linkedAt: Date

    private enum CodingKeys: String, CodingKey {
        case id, provider, email
        case linkedAt = "linked_at"
    }

    /// Makes an identity body.
    public init(id: String, provider: OAuthProvider, email: String?, linkedAt: Date) {
        self.id = id
        self.provider = provider
        self.email = email
        self.linkedAt = linkedAt
    }

    /// Writes every key, `email` too when it is null, so that clients can rely on the shape.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(provider, forKey: .provider)
        try container.encode(email, forKey: .email)
        try container.encode(linkedAt, forKey: .linkedAt)
    }
}

/// A provider of which the signed-in user can link an account.
public struct LinkableBody: Codable, Sendable, Equatable {
    /// Which provider.
    public let provider: OAuthProvider
    /// The value of `link` with which this session, and no other, begins.
    public let ticket: String

    /// Makes a body.
    public init(provider: OAuthProvider, ticket: String) {
        self.provider = provider
        self.ticket = ticket
    }
}

/// The answer of `GET /api/auth/identities`: the ways in which the signed-in user can sign in.
public struct IdentityListBody: Codable, Sendable, Equatable {
    /// The linked provider accounts, oldest first.
    public let identities: [IdentityBody]
    /// Whether the user has a password.
    public let hasPassword: Bool
    /// The providers of which the user can link an account; nil from a version of the API that does not say.
    public let linkable: [LinkableBody]?

    private enum CodingKeys: String, CodingKey {
        case identities, linkable
        case hasPassword = "has_password"
    }

    /// Makes a list.
    public init(identities: [IdentityBody], hasPassword: Bool, linkable: [LinkableBody]? = nil) {
        self.identities = identities
        self.hasPassword = hasPassword
        self.linkable = linkable
    }
}

/// The answer of `GET /api/auth/connect`: the provider account that waits to be linked by a password.
public struct PendingConnectionBody: Codable, Sendable, Equatable {
    /// Whose account it is.
    public let provider: OAuthProvider
    /// The address that it shares with an account of this site.
    public let email: String

    /// Makes an answer.
    public init(provider: OAuthProvider, email: String) {
        self.provider = provider
        self.email = email
    }
}
