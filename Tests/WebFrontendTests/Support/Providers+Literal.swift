import Shared

@testable import WebFrontend

extension OAuthProvider {
    /// The providers of tests.
    static let mocked: [OAuthProvider] = [.google, .discord]
}

/// The providers that the API lists, by their keys.
extension Providers: ExpressibleByArrayLiteral {
    init(arrayLiteral keys: OAuthProvider...) {
        self.init(
            all: keys.map { key in
                ProviderBody(
                    provider: key,
                    kind: ProviderKind(rawValue: key.rawValue),
                    name: ProviderName(key.standardName ?? "Company", ja: key.standardName ?? "社内ログイン")
                )
            }
        )
    }
}
