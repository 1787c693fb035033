import PostgresClient
import Shared

/// The key of an identity: never the email address, which can change owners (OpenID Connect Core, section 5.7).
struct IdentityKey: Sendable, Hashable {
    let provider: OAuthProvider
    /// The issuer: the same subject at another issuer is another user.
    let issuer: String
    /// The provider's identifier of the user.
    let subject: String
}

extension IdentityKey {
    /// Provider, subject and issuer, in this order.
    var parameters: [PostgresValue] { [.text(provider.rawValue), .text(subject), .text(issuer)] }
}

extension ProviderIdentity {
    /// The key of the identity.
    var key: IdentityKey { IdentityKey(provider: provider, issuer: issuer, subject: subject) }
}
