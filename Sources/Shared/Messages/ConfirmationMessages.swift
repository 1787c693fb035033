public import FoundationEssentials

/// The answer of `GET /api/auth/confirmation`: how the signed-in user can confirm a change.
public struct ConfirmationBody: Codable, Sendable, Equatable {
    /// Whether the user has a password.
    public let hasPassword: Bool
    /// Until when a sign-in at a provider confirms changes from this session; nil when there was none lately.
    public let reauthenticatedUntil: Date?
    /// The providers at which the user can sign in again, with the value of `reauthenticate` that begins it.
    public let providers: [LinkableBody]

    private enum CodingKeys: String, CodingKey {
        case providers
        case hasPassword = "has_password"
        case reauthenticatedUntil = "reauthenticated_until"
    }

    /// Makes an answer.
    public init(hasPassword: Bool, reauthenticatedUntil: Date?, providers: [LinkableBody]) {
        self.hasPassword = hasPassword
        self.reauthenticatedUntil = reauthenticatedUntil
        self.providers = providers
    }

    /// Writes every key, `reauthenticated_until` too when it is null, so that clients can rely on the shape.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(hasPassword, forKey: .hasPassword)
        try container.encode(reauthenticatedUntil, forKey: .reauthenticatedUntil)
        try container.encode(providers, forKey: .providers)
    }
}

/// The body of `POST /api/auth/delete`.
public struct DeleteAccountRequest: Codable, Sendable {
    /// The address of the account, typed to confirm that this one is meant.
    public let email: String
    /// The password; nil for a user who has signed in again at a provider.
    public let password: String?

    /// Makes a request body.
    public init(email: String, password: String?) {
        self.email = email
        self.password = password
    }
}
