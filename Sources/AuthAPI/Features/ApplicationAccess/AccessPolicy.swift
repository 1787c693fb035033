import Shared

/// Who may use the application, and by what name it knows them.
struct AccessPolicy: Sendable {
    /// What the header `Remote-User` holds.
    enum UserName: String, CaseIterable, Sendable {
        /// The user's identifier, which never changes.
        case id
        /// The email address, once a provider has vouched for it.
        case email
    }

    /// Why a signed-in user may not use the application: the audit trail's `detail`.
    enum Refusal: String, Sendable, CaseIterable {
        /// The policy needs an address that a provider vouches for, and none does.
        case emailNotVerified = "email_not_verified"
        /// The address is on neither list.
        case notAllowed = "not_allowed"
    }

    /// The addresses that may; with ``allowedDomains`` empty too, every user may.
    var allowedEmails: [String] = []
    /// The domains whose addresses may; a subdomain is another domain.
    var allowedDomains: [String] = []
    var userName = UserName.id

    /// Why a user may not use the application; nil when they may.
    ///
    /// An address that nobody vouches for proves nothing: anybody can register it.
    func refusal(of signedIn: SignedIn) -> Refusal? {
        let isOpen = allowedEmails.isEmpty && allowedDomains.isEmpty
        if isOpen, userName == .id { return nil }
        guard signedIn.isEmailVerified, let email = signedIn.user.headerEmail?.lowercased() else {
            return .emailNotVerified
        }
        if isOpen { return nil }
        let at = email.utf8.lastIndex(of: UInt8(ascii: "@"))
        let domain = at.map { email[email.index(after: $0)...] } ?? ""
        let isListed =
            allowedEmails.contains { $0.isExactly(email) } || allowedDomains.contains { $0.isExactly(domain) }
        return isListed ? nil : .notAllowed
    }
}

extension User {
    /// The address as a header carries it; nil for one that no header can carry, which another program stored.
    var headerEmail: String? {
        !email.isEmpty && email.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? email : nil
    }
}
