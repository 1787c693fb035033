import FoundationEssentials
import Shared

/// The values in the buttons of the account pages without which linking, or signing in again to confirm a change, does
/// not start: the session's identifier, encrypted for one provider and one of the two purposes.
///
/// Another site or session cannot create one. It is valid as long as the session.
struct LinkTickets: Sendable {
    /// The maximum size of a ticket, in bytes; valid ones have 86.
    private static let maximumLength = 128

    private let keys: SealingKeys

    init(_ settings: APISettings) {
        keys = SealingKeys(for: .linkTicket, secretKey: settings.secretKey, previous: settings.secretKeyPrevious)
    }

    /// A ticket for linking an identity of the provider in this session.
    func ticket(for provider: OAuthProvider, session: SessionID) throws -> String {
        Base64URL.encode(try keys.seal(Array(session.lowercaseText.utf8), in: provider.rawValue))
    }

    /// Whether the text is a ticket for linking an identity of the provider in this session.
    func isTicket(_ text: some StringProtocol, for provider: OAuthProvider, session: SessionID) -> Bool {
        isTicket(text, in: provider.rawValue, session: session)
    }

    /// A ticket for signing in again at the provider in this session.
    func reauthenticationTicket(for provider: OAuthProvider, session: SessionID) throws -> String {
        Base64URL.encode(try keys.seal(Array(session.lowercaseText.utf8), in: Self.again(provider)))
    }

    /// Whether the text is a ticket for signing in again at the provider in this session.
    func isReauthenticationTicket(
        _ text: some StringProtocol,
        for provider: OAuthProvider,
        session: SessionID
    ) -> Bool {
        isTicket(text, in: Self.again(provider), session: session)
    }

    private static func again(_ provider: OAuthProvider) -> String { "\(provider.rawValue)/reauthenticate" }

    private func isTicket(_ text: some StringProtocol, in context: String, session: SessionID) -> Bool {
        guard text.utf8.count <= Self.maximumLength, let sealed = Base64URL.decode(text),
            let plain = keys.open(sealed, in: context)
        else { return false }
        return plain == Array(session.lowercaseText.utf8)
    }
}
