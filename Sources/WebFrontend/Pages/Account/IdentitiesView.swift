import FoundationEssentials
import Shared

/// The ways in which a user can sign in: the password and the provider accounts, linked or to be linked.
struct IdentitiesView: Sendable {
    /// What is linked.
    let list: IdentityListBody
    /// The providers that are set up.
    let providers: Set<OAuthProvider>

    /// What the template sees.
    func values(_ texts: Translator) -> ViewValues {
        let methods = OAuthProvider.allCases.flatMap { provider in
            let linked = list.identities.filter { $0.provider == provider }
            return linked.isEmpty && providers.contains(provider)
                ? [connectable(provider, texts)] : linked.map { linkedRow($0, texts) }
        }
        return ["has_password": list.hasPassword, "methods": methods]
    }

    /// Whether an account of the provider is linked.
    func isLinked(_ provider: OAuthProvider) -> Bool { list.identities.contains { $0.provider == provider } }

    /// Whether taking away one provider account would leave no way to sign in.
    private var isLast: Bool { !list.hasPassword && list.identities.count == 1 }

    private func linkedRow(_ identity: IdentityBody, _ texts: Translator) -> ViewValues {
        row(
            identity.provider,
            [
                "id": identity.id,
                "linked": true,
                "email": identity.email.map { $0 as any Sendable } ?? false,
                "linked_at": identity.linkedAt.formatted(.iso8601),
                "linked_text": texts.moment(identity.linkedAt),
                "last": isLast,
            ]
        )
    }

    private func connectable(_ provider: OAuthProvider, _ texts: Translator) -> ViewValues {
        row(
            provider,
            [
                "linked": false,
                "link": SitePath.linking(provider),
                "label": texts.text(.identityConnect, ["provider": provider.displayName]),
            ]
        )
    }

    private func row(_ provider: OAuthProvider, _ values: ViewValues) -> ViewValues {
        values.merging([
            "provider": provider.rawValue, "name": provider.displayName,
            "is_google": provider == .google, "is_discord": provider == .discord,
        ]) { own, _ in own }
    }
}
