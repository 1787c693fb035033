/// Who may create an account.
public enum RegistrationMode: String, CaseIterable, Sendable {
    /// Everybody.
    case open
    /// Who has an invitation of an operator.
    case invite
    /// Nobody; operators create users.
    case closed
}

/// Who may create an account, and with which addresses: `REGISTRATION` and `REGISTRATION_DOMAINS`.
public struct RegistrationSettings: Sendable, Equatable {
    /// Who may create an account.
    public let mode: RegistrationMode
    /// The domains that addresses of new accounts may have, in lower case; empty for all.
    public let domains: [String]

    /// Makes settings by hand.
    public init(mode: RegistrationMode = .open, domains: [String] = []) {
        self.mode = mode
        self.domains = domains
    }

    /// Reads the settings; faults are left in the reader.
    public init(from reader: inout SettingsReader) {
        mode = reader.choice(.registration, default: RegistrationMode.open)
        var domains: [String] = []
        for text in reader.list(.registrationDomains) {
            guard let email = try? EmailAddress(exactly: "user@\(text)") else {
                reader.fault(.registrationDomains, "must be domains like example.com, with commas between")
                break
            }
            domains.append(String(email.value.dropFirst("user@".count)))
        }
        self.domains = domains
    }

    /// Whether a new account may have the address; a domain does not include its subdomains.
    public func allows(_ email: EmailAddress) -> Bool {
        domains.isEmpty || domains.contains { email.value.utf8.suffix($0.utf8.count + 1).elementsEqual("@\($0)".utf8) }
    }
}
