import Shared

/// The contact for vulnerability reports: `SECURITY_CONTACT`.
struct SecurityContact: Sendable, Equatable {
    /// Addresses of the schemes `mailto`, `https` and `tel`, the preferred one first.
    let addresses: [String]

    /// Reads the setting; nil when it is unset or a fault was recorded.
    init?(from reader: inout SettingsReader) {
        guard reader.isSet(.securityContact) else { return nil }
        let texts = reader.list(.securityContact)
        guard !reader.hasFault(.securityContact) else { return nil }
        addresses = texts.compactMap(Self.address)
        guard !texts.isEmpty, texts.count <= 10, addresses.count == texts.count else {
            let example = "mailto:security@example.com or https://www.example.com/security"
            reader.fault(.securityContact, "must be addresses like \(example), with commas between, at most ten")
            return nil
        }
    }

    /// The address as a URI for the field `Contact` (RFC 9116, section 2.5.3); nil for anything else.
    private static func address(_ text: String) -> String? {
        guard text.utf8.count <= 2048 else { return nil }
        if text.utf8.startsCaseless(with: "tel:") {
            let number = text.utf8.dropFirst("tel:".count)
            let isNumber = number.allSatisfy { "+0123456789-.()".utf8.contains($0) } && number.count >= 3
            return isNumber ? text : nil
        }
        // A web page as a contact requires TLS.
        return text.utf8.startsCaseless(with: "https:") ? SiteLinks.webAddress(text) : SiteLinks.mailAddress(text)
    }
}
