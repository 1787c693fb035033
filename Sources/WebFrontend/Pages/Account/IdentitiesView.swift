import FoundationEssentials
import Shared

/// The ways in which a user can sign in: the password and the provider accounts, linked or to be linked.
struct IdentitiesView: Sendable {
    /// What is linked.
    let list: IdentityListBody
    /// The providers that are set up.
    let providers: Providers

    /// What the template sees.
    func values(_ texts: Translator) -> ViewValues {
        let methods = providers.all.map(\.provider).flatMap { provider in
            let linked = list.identities.filter { $0.provider == provider }
            return linked.isEmpty ? [connectable(linkable(provider), texts)] : linked.map { linkedRow($0, texts) }
        }
        // Identities of providers that are off can be read and disconnected.
        let others = list.identities.filter { !providers.contains($0.provider) }.map { linkedRow($0, texts) }
        return ["has_password": list.hasPassword, "methods": methods + others]
    }

    /// What begins to link an account of the provider for this session.
    ///
    /// From an API that gives none it is what the version before took, and the API says where to go when it does not take
    /// that any more.
    func linkable(_ provider: OAuthProvider) -> LinkableBody {
        list.linkable?.first { $0.provider == provider } ?? LinkableBody(provider: provider, ticket: "true")
    }

    /// Whether an account of the provider is linked.
    func isLinked(_ provider: OAuthProvider) -> Bool { list.identities.contains { $0.provider == provider } }

    /// Whether disconnecting the provider account would leave no way to sign in.
    private func isLast(_ identity: IdentityBody) -> Bool {
        !list.hasPassword && !list.identities.contains { $0.id != identity.id && $0.isUsable }
    }

    private func linkedRow(_ identity: IdentityBody, _ texts: Translator) -> ViewValues {
        row(
            identity.provider,
            [
                "id": identity.id,
                "linked": true,
                "email": identity.email.map { $0 as any Sendable } ?? false,
                "linked_at": identity.linkedAt.formatted(.iso8601),
                "linked_text": texts.moment(identity.linkedAt),
                "last": isLast(identity),
                "unusable": !identity.isUsable,
            ],
            texts
        )
    }

    private func connectable(_ linkable: LinkableBody, _ texts: Translator) -> ViewValues {
        row(
            linkable.provider,
            [
                "linked": false,
                "link": SitePath.linking(linkable),
                "label": texts.text(.identityConnect, ["provider": providers.spoken(linkable.provider, texts)]),
            ],
            texts
        )
    }

    private func row(_ provider: OAuthProvider, _ values: ViewValues, _ texts: Translator) -> ViewValues {
        values.merging(ProviderMark.values(of: providers.kind(of: provider))) { own, _ in own }.merging([
            "provider": provider.rawValue, "name": providers.name(of: provider, texts) ?? provider.rawValue,
        ]) { own, _ in own }
    }
}
