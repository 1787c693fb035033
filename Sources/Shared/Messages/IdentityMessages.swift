public import FoundationEssentials

/// A provider account linked to the signed-in user.
public struct IdentityBody: Codable, Sendable, Equatable {
    /// The link's UUID in lower case.
    public let id: String
    /// The provider of the account.
    public let provider: OAuthProvider
    /// The address of the provider account when it was last used.
    @ExplicitNull public private(set) var email: String?
    /// When it was linked.
    public let linkedAt: Date
    /// Whether it can sign in: its provider is enabled and has the issuer at which the identity was linked.
    public let isUsable: Bool

    private enum CodingKeys: String, CodingKey {
        case id, provider, email
        case isUsable = "usable"
        case linkedAt = "linked_at"
    }

    /// Creates a body.
    public init(id: String, provider: OAuthProvider, email: String?, linkedAt: Date, isUsable: Bool = true) {
        self.id = id
        self.provider = provider
        self.email = email
        self.linkedAt = linkedAt
        self.isUsable = isUsable
    }

    /// Decodes a body; without `usable`, as from earlier versions of the API, the identity is usable.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        provider = try container.decode(OAuthProvider.self, forKey: .provider)
        email = try container.decodeIfPresent(String.self, forKey: .email)
        linkedAt = try container.decode(Date.self, forKey: .linkedAt)
        isUsable = try container.decodeIfPresent(Bool.self, forKey: .isUsable) ?? true
    }
}

/// A provider at which the signed-in user can start a flow: to link an account, or to sign in again.
public struct ProviderTicketBody: Codable, Sendable, Equatable {
    /// The key of the provider.
    public let provider: OAuthProvider
    /// The value of `link` or `reauthenticate` that starts the flow, in this session only.
    public let ticket: String

    /// Creates a body.
    public init(provider: OAuthProvider, ticket: String) {
        self.provider = provider
        self.ticket = ticket
    }
}

/// The response of `GET /api/auth/identities`: the signed-in user's sign-in methods.
public struct IdentityListBody: Codable, Sendable, Equatable {
    /// The linked provider accounts, oldest first.
    public let identities: [IdentityBody]
    /// Whether the user has a password.
    public let hasPassword: Bool
    /// The providers whose accounts the user can link; nil from earlier versions of the API.
    public let linkable: [ProviderTicketBody]?

    private enum CodingKeys: String, CodingKey {
        case identities, linkable
        case hasPassword = "has_password"
    }

    /// Creates a list.
    public init(identities: [IdentityBody], hasPassword: Bool, linkable: [ProviderTicketBody]? = nil) {
        self.identities = identities
        self.hasPassword = hasPassword
        self.linkable = linkable
    }
}

/// The response of `GET /api/auth/address`: the provider account that is pending until an email address is entered.
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

/// The response of `GET /api/auth/connect`: the provider account that is pending until the password is entered.
public struct PendingLinkBody: Codable, Sendable, Equatable {
    /// The provider of the account.
    public let provider: OAuthProvider
    /// The address, which an account of this site also has.
    public let email: String

    /// Creates a response.
    public init(provider: OAuthProvider, email: String) {
        self.provider = provider
        self.email = email
    }
}
