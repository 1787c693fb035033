public import FoundationEssentials

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
    /// Whether it can sign in: its provider is on and has the issuer at which the identity was linked.
    public let isUsable: Bool

    private enum CodingKeys: String, CodingKey {
        case id, provider, email
        case isUsable = "usable"
        case linkedAt = "linked_at"
    }

    /// Makes an identity body.
    public init(id: String, provider: OAuthProvider, email: String?, linkedAt: Date, isUsable: Bool = true) {
        self.id = id
        self.provider = provider
        self.email = email
        self.linkedAt = linkedAt
        self.isUsable = isUsable
    }

    /// Reads a body; without `usable`, as older versions of the API send it, the identity can be used.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        provider = try container.decode(OAuthProvider.self, forKey: .provider)
        email = try container.decodeIfPresent(String.self, forKey: .email)
        linkedAt = try container.decode(Date.self, forKey: .linkedAt)
        isUsable = try container.decodeIfPresent(Bool.self, forKey: .isUsable) ?? true
    }

    /// Writes every key, `email` too when it is null, so that clients can rely on the shape.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(provider, forKey: .provider)
        try container.encode(email, forKey: .email)
        try container.encode(linkedAt, forKey: .linkedAt)
        try container.encode(isUsable, forKey: .isUsable)
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

/// The response of `GET /api/auth/address`: the provider account that waits for an email address.
public struct PendingAddressBody: Codable, Sendable, Equatable {
    /// The provider of the account.
    public let provider: OAuthProvider
    /// The name at the provider.
    @ExplicitNull public private(set) var name: String?
    /// The address that the provider reports without having verified it.
    @ExplicitNull public private(set) var email: String?

    /// Creates a body.
    public init(provider: OAuthProvider, name: String?, email: String?) {
        self.provider = provider
        self.name = name
        self.email = email
    }
}

/// The body of `POST /api/auth/address`.
public struct AddressRequest: Codable, Sendable {
    /// The address of the new account.
    public let email: String
    /// The code of an invitation, if one is required and not that of the flow.
    public let invite: String?

    /// Creates a body.
    public init(email: String, invite: String? = nil) {
        self.email = email
        self.invite = invite
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
