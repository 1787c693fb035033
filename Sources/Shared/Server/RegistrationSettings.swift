/// Who may create an account.
public enum RegistrationMode: String, CaseIterable, Sendable {
    /// Everyone.
    case open
    /// Visitors with an invitation from an operator.
    case invite
    /// No one; operators create users.
    case closed
}

/// Who may create an account, and with which addresses: `REGISTRATION` and `REGISTRATION_DOMAINS`.
public struct RegistrationSettings: Sendable, Hashable {
    /// Who may create an account.
    public let mode: RegistrationMode
    /// The allowed email domains of new accounts; empty for all.
    public let domains: [String]

    /// Creates settings.
    public init(mode: RegistrationMode = .open, domains: [String] = []) {
        self.mode = mode
        self.domains = domains
    }

    /// Reads the settings; faults are left in the reader.
    public init(from reader: inout SettingsReader) {
        mode = reader.choice(.registration, default: RegistrationMode.open)
        domains = reader.domains(.registrationDomains)
    }

    /// Whether a new account may have the address; a domain does not include its subdomains.
    public func allows(_ email: EmailAddress) -> Bool {
        domains.isEmpty || domains.contains { $0.isExactly(email.domain) }
    }
}
