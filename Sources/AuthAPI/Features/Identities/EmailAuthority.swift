import Shared

/// Which provider is the authority for an email address *today*.
///
/// A past verification is no proof, because addresses change owners. This is the only definition; SECURITY.md quotes it.
enum EmailAuthority {
    /// The addresses for which a provider is the authority.
    struct Rule: Sendable, Equatable {
        /// The domains whose mailboxes the provider itself operates.
        let domains: [String]
        /// Whether the provider also operates the mailboxes of the account's hosted domain.
        let includesHostedDomain: Bool

        static let nothing = Rule(domains: [], includesHostedDomain: false)
    }

    static func rule(of kind: ProviderKind) -> Rule {
        switch kind {
        // Google, "OpenID Connect", "An ID token's payload": `hd` is the Workspace domain of the account.
        case .google: Rule(domains: ["gmail.com", "googlemail.com"], includesHostedDomain: true)
        // These providers report addresses at any domain.
        case .discord, .github, .line, .oidc: .nothing
        }
    }

    /// Whether the provider is the authority for the address that it has verified.
    ///
    /// - Parameters:
    ///   - kind: the kind of the provider.
    ///   - email: the verified address in lower case; nil when there is none.
    ///   - hostedDomain: the hosted domain of the account, in any case of ASCII letters.
    /// - Returns: whether it is.
    static func isAuthority(_ kind: ProviderKind, for email: EmailAddress?, hostedDomain: String?) -> Bool {
        guard let email else { return false }
        let rule = rule(of: kind)
        let domain = email.domain.utf8
        if rule.domains.contains(where: { $0.utf8.elementsEqual(domain) }) { return true }
        guard rule.includesHostedDomain, let hostedDomain else { return false }
        return hostedDomain.utf8.count == domain.count
            && hostedDomain.utf8.elementsEqual(domain) { given, own in
                ((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(given) ? given | 0x20 : given) == own
            }
    }
}
