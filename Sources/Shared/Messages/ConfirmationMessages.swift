public import FoundationEssentials

/// The response of `GET /api/auth/confirmation`: how the signed-in user can confirm a change.
public struct ConfirmationBody: Codable, Sendable, Equatable {
    /// Whether the user has a password.
    public let hasPassword: Bool
    /// Until when the last sign-in at a provider confirms changes from this session; nil when there is none.
    @ExplicitNull public private(set) var reauthenticatedUntil: Date?
    /// The providers at which the user can sign in again, each with the value of `reauthenticate` that starts it.
    public let providers: [ProviderTicketBody]

    private enum CodingKeys: String, CodingKey {
        case providers
        case hasPassword = "has_password"
        case reauthenticatedUntil = "reauthenticated_until"
    }

    /// Creates a response.
    public init(hasPassword: Bool, reauthenticatedUntil: Date?, providers: [ProviderTicketBody]) {
        self.hasPassword = hasPassword
        self.reauthenticatedUntil = reauthenticatedUntil
        self.providers = providers
    }
}

/// The body of `POST /api/auth/delete`.
public struct DeleteAccountRequest: Codable, Sendable {
    /// The account's email address, typed to confirm the deletion.
    public let email: String
    /// The password; nil for a user who has signed in again at a provider.
    public let password: String?

    /// Creates a request body.
    public init(email: String, password: String?) {
        self.email = email
        self.password = password
    }
}
