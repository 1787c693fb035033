import Shared

/// Who may use the application, and how it identifies them.
struct AccessPolicy: Sendable {
    /// The value of the header `Remote-User`.
    enum UserName: String, CaseIterable, Sendable {
        /// The user's ID, which never changes.
        case id
        /// The email address, if a provider has verified it.
        case email
    }

    /// Why a signed-in user may not use the application; the audit trail's `detail`.
    enum Rejection: String, Sendable, CaseIterable {
        /// The policy requires a verified email address.
        case emailNotVerified = "email_not_verified"
        /// The address is not in the lists.
        case notAllowed = "not_allowed"
    }

    /// The allowed email addresses; if this and ``allowedDomains`` are empty, every user is allowed.
    var allowedEmails: [String] = []
    /// The allowed email domains, without their subdomains.
    var allowedDomains: [String] = []
    var userName = UserName.id

    /// Why a user may not use the application; nil when they may.
    ///
    /// An unverified address proves nothing: anyone can register it.
    func rejection(of signedIn: SignedIn) -> Rejection? {
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
    /// The address for a header; nil if it is not valid in a header, such as one that another program stored.
    var headerEmail: String? {
        !email.isEmpty && email.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? email : nil
    }
}
