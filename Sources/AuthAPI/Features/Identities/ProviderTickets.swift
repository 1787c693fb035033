import FoundationEssentials
import Shared

/// The values in the buttons of the account pages without which linking, or signing in again to confirm a change, does
/// not start: the session's identifier, encrypted for one provider and one of the two purposes.
///
/// Another site or session cannot create one. It is valid as long as the session.
struct ProviderTickets: Sendable {
    /// What a ticket starts.
    enum Purpose: Sendable {
        /// Linking an identity of the provider.
        case link
        /// Signing in again at the provider.
        case reauthenticate
    }

    /// The maximum size of a ticket, in bytes; valid ones have 86.
    private static let maximumLength = 128

    private let keys: SealingKeys

    init(_ settings: APISettings) {
        keys = SealingKeys(for: .providerTicket, from: settings.secretKeys)
    }

    /// A ticket for one purpose at the provider in this session.
    func ticket(_ purpose: Purpose, for provider: OAuthProvider, session: SessionID) throws -> ProviderTicketBody {
        let sealed = try keys.seal(Array(session.lowercaseText.utf8), in: Self.context(purpose, provider))
        return ProviderTicketBody(provider: provider, ticket: Base64URL.encode(sealed))
    }

    /// Whether the text is a ticket for that purpose at the provider in this session.
    func isTicket(
        _ text: some StringProtocol,
        _ purpose: Purpose,
        for provider: OAuthProvider,
        session: SessionID
    ) -> Bool {
        guard text.utf8.count <= Self.maximumLength, let sealed = Base64URL.decode(text),
            let plain = keys.open(sealed, in: Self.context(purpose, provider))
        else { return false }
        return plain == Array(session.lowercaseText.utf8)
    }

    private static func context(_ purpose: Purpose, _ provider: OAuthProvider) -> String {
        switch purpose {
        case .link: provider.rawValue
        case .reauthenticate: "\(provider.rawValue)/reauthenticate"
        }
    }
}
