import Shared

/// Who may use the application behind the sign-in, and which proxies may check.
struct ApplicationAccessSettings: Sendable {
    /// The application; nil when there is none, or when another proxy serves it.
    let application: ApplicationSettings?
    let policy: AccessPolicy
    /// Whether the application gets a signed assertion.
    let signsAssertions: Bool
    /// Whether reverse proxies other than this system's nginx may check requests.
    let forwardAuth: Bool

    /// Reads the settings; faults are left in the reader.
    init(from reader: inout SettingsReader, publicURL: WebOrigin, port: Int) {
        application = ApplicationSettings(from: &reader, publicURL: publicURL, ports: [port])
        policy = AccessPolicy(
            allowedEmails: reader.emails(.appAllowedEmails),
            allowedDomains: reader.domains(.appAllowedDomains),
            userName: reader.choice(.appUser, default: .id)
        )
        signsAssertions = reader.boolean(.appAssertion, default: false)
        forwardAuth = reader.boolean(.forwardAuth, default: false)
    }
}

extension SettingsReader {
    /// A comma-separated list of email addresses, in lower case.
    fileprivate mutating func emails(_ name: SettingName) -> [String] {
        guard text(name) != nil else { return [] }
        let texts = list(name)
        // An empty list would allow everyone.
        if texts.isEmpty { fault(name, "contains no address") }
        return texts.compactMap { text in
            if text.contains("*") {
                fault(name, "\(quoted(text)) has a wildcard; APP_ALLOWED_DOMAINS names whole domains")
                return nil
            }
            if let email = try? EmailAddress(exactly: text) { return email.value }
            fault(name, "\(quoted(text)) is not an email address like ada@example.com")
            return nil
        }
    }
}
