import NIOSSL
import Shared

/// The settings of an OpenID provider that other providers do not have.
struct OpenIDSettings: Sendable {
    /// The scopes of the authorization request (OpenID Connect Core, section 5.4).
    var scope = "openid profile email"
    /// Whether an address counts as verified if the provider does not state whether it is.
    var trustsEmail = false
    /// The origin for requests of this server, if browsers reach the provider at another one: scheme, host and port.
    var internalOrigin: ProviderURL?
    /// The authorities that may sign the provider's certificate; nil for those of the system.
    var authorities: [NIOSSLCertificate]?
    /// How this site authenticates at the token endpoint; nil for what the discovery document lists.
    var authentication: CodeExchange.Authentication?

    /// The maximum size of a file with certificates, in bytes.
    static let maximumFileSize = 256 * 1024
    /// The maximum length of a provider's name, in characters.
    static let maximumNameLength = 40
}

extension SettingsReader {
    /// Reads the OpenID providers; one without issuer, ID and secret is off.
    mutating func openIDProviders() -> [ProviderSettings] {
        defer { number = 1 }
        return zip(SettingName.oidcIssuer.numbers, OAuthProvider.openID).compactMap { number, key in
            self.number = number
            return openIDProvider(key)
        }
    }

    private mutating func openIDProvider(_ key: OAuthProvider) -> ProviderSettings? {
        let required: [SettingName] = [.oidcIssuer, .oidcClientID, .oidcClientSecret]
        if let given = required.first(where: isSet) {
            for missing in required where !isSet(missing) {
                fault(missing, "is required with \(variable(given)); without all three, the provider is off")
            }
        }
        let issuer = issuer()
        let openID = OpenIDSettings(
            scope: scope(),
            trustsEmail: boolean(.oidcTrustEmail, default: false),
            internalOrigin: internalOrigin(),
            authorities: authorities(),
            authentication: text(.oidcClientAuth) == nil ? nil : choice(.oidcClientAuth, default: .basic)
        )
        let name = providerName()
        let id = printable(.oidcClientID)
        let secret = printable(.oidcClientSecret)
        guard let issuer, let id, let secret else { return nil }
        return ProviderSettings(
            key: key,
            kind: .oidc,
            name: name ?? ProviderName(issuer.shownHost),
            clientID: id,
            clientSecret: Secret(secret),
            address: issuer,
            openID: openID
        )
    }

    private mutating func issuer() -> ProviderURL? {
        guard let text = text(.oidcIssuer) else { return nil }
        if text.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
            fault(.oidcIssuer, "is a template; replace what is in braces, such as {tenantid} by the ID of your tenant")
            return nil
        }
        guard let address = providerURL(text, .oidcIssuer) else { return nil }
        if let tenant = address.microsoftAlias {
            fault(
                .oidcIssuer,
                """
                "\(tenant)" signs in users of any organization, and its tokens have other issuers; use the ID of your \
                tenant (Microsoft Entra admin center, "Overview"): https://login.microsoftonline.com/TENANT-ID/v2.0
                """
            )
            return nil
        }
        return address
    }

    private mutating func internalOrigin() -> ProviderURL? {
        guard let text = text(.oidcInternalURL) else { return nil }
        guard let origin = ProviderURL(internalOrigin: text) else {
            fault(
                .oidcInternalURL,
                "must be scheme, host and port, without a path, such as http://keycloak:8080; http only for names and "
                    + "addresses of a private network"
            )
            return nil
        }
        return origin
    }

    /// RFC 6749, appendix A.4, and OpenID Connect Core, section 3.1.2.1.
    private mutating func scope() -> String {
        guard let text = text(.oidcScopes) else { return OpenIDSettings().scope }
        let scopes = text.split(separator: " ")
        let isValid =
            text.utf8.count <= ProviderSettings.maximumLength
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard isValid, scopes.contains(where: { $0.isExactly("openid") }) else {
            fault(.oidcScopes, "must be scopes separated by spaces, and contain openid")
            return OpenIDSettings().scope
        }
        return scopes.joined(separator: " ")
    }

    private mutating func providerName() -> ProviderName? {
        guard let text = text(.oidcName) else { return nil }
        guard text.unicodeScalars.count <= OpenIDSettings.maximumNameLength, let name = try? DisplayName(text) else {
            fault(.oidcName, "must be a name of at most \(OpenIDSettings.maximumNameLength) characters")
            return nil
        }
        return ProviderName(name.value)
    }

    private mutating func authorities() -> [NIOSSLCertificate]? {
        guard let path = text(.oidcCAFile) else { return nil }
        do {
            let bytes = try BoundedFile.read(path, limit: OpenIDSettings.maximumFileSize)
            let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes)
            if let certificates, !certificates.isEmpty { return certificates }
            fault(.oidcCAFile, "the file contains no certificates in PEM format")
        } catch {
            fault(.oidcCAFile, "the file cannot be read: \(error.reason)")
        }
        // Deny by default: do not fall back to the authorities of the system.
        return []
    }
}
