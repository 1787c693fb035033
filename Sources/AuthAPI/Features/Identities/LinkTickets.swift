import FoundationEssentials
import Shared

/// What the buttons of the account's pages carry, so that linking, or signing in again to confirm a change, starts with
/// nothing else: the session's identifier, sealed for one provider and one of the two.
///
/// No other site and no other session can make one. It lasts as long as the session.
struct LinkTickets: Sendable {
    /// The most bytes of a ticket that are looked at; ours have 86.
    private static let maximumLength = 128

    private let keys: SealingKeys

    init(_ settings: APISettings) {
        keys = SealingKeys(for: .linkTicket, secretKey: settings.secretKey, previous: settings.secretKeyPrevious)
    }

    /// A ticket with which the session may begin to link an account of the provider.
    func ticket(for provider: OAuthProvider, session: SessionID) throws -> String {
        Base64URL.encode(try keys.seal(Array(session.lowercaseText.utf8), in: provider.rawValue))
    }

    /// Whether the text is a ticket of the session for the provider.
    func isTicket(_ text: some StringProtocol, for provider: OAuthProvider, session: SessionID) -> Bool {
        isTicket(text, in: provider.rawValue, session: session)
    }

    /// A ticket with which the session's user may begin to sign in again at the provider.
    func reauthenticationTicket(for provider: OAuthProvider, session: SessionID) throws -> String {
        Base64URL.encode(try keys.seal(Array(session.lowercaseText.utf8), in: Self.again(provider)))
    }

    /// Whether the text is a ticket of the session for signing in again at the provider.
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
