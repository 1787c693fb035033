import Shared

/// The differences between Google and other OpenID providers.
enum GoogleAccount {
    private static let issuer = "https://accounts.google.com"

    /// Whether the issuer is Google itself, or a stand-in on this machine; another provider in place of Google is not the
    /// authority for Google's domains.
    static func isIssuer(_ address: ProviderURL) -> Bool {
        address.description.utf8.elementsEqual(issuer.utf8) || address.isOnThisMachine
    }

    /// The allowed spellings of the issuer in ID tokens: Google sometimes omits the scheme (Google, "OpenID Connect", "An ID
    /// token's payload").
    static func spellings(of issuer: String) -> [String] {
        issuer.isExactly(Self.issuer) ? [issuer, "accounts.google.com"] : [issuer]
    }
}
