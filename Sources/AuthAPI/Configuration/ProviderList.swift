import Shared

/// The enabled providers, in the order of their buttons.
struct ProviderList: Sendable {
    let all: [ProviderSettings]

    /// The provider with the key; nil when it is off.
    subscript(key: OAuthProvider) -> ProviderSettings? { all.first { $0.key == key } }

    /// Whether an identity can sign in: its provider is on, and has the issuer at which the identity was linked.
    ///
    /// - Parameters:
    ///   - key: the provider of the identity.
    ///   - issuer: the stored issuer; empty if an earlier version linked the identity.
    /// - Returns: whether it can.
    func signsIn(_ key: OAuthProvider, linkedAt issuer: String) -> Bool {
        self[key].map { issuer.isEmpty || issuer.isExactly($0.issuer) } ?? false
    }
}
