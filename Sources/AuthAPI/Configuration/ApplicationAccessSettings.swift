import Shared

/// Who may use the application behind the sign-in, and who may ask.
struct ApplicationAccessSettings: Sendable {
    /// The application; nil when there is none, or another proxy leads to it.
    let application: ApplicationSettings?
    let policy: AccessPolicy
    /// Whether the application gets a signed assertion.
    let signsAssertions: Bool
    /// Whether other proxies than this system's nginx may ask who a request is from.
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
    /// A list of email addresses with commas between, in lower case.
    fileprivate mutating func emails(_ name: SettingName) -> [String] {
        guard text(name) != nil else { return [] }
        let texts = list(name)
        // An empty list would let everybody in.
        if texts.isEmpty { fault(name, "names no address") }
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

    /// A list of domains with commas between, in lower case.
    fileprivate mutating func domains(_ name: SettingName) -> [String] {
        guard text(name) != nil else { return [] }
        let texts = list(name)
        if texts.isEmpty { fault(name, "names no domain") }
        return texts.compactMap { text in
            if !text.contains("@"), (try? EmailAddress(exactly: "a@\(text)")) != nil { return text.lowercased() }
            fault(name, "\(quoted(text)) is not a domain like example.com")
            return nil
        }
    }
}
