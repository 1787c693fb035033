import FoundationEssentials
import Shared

/// The sign-in methods of a user: the password and the provider accounts, linked or available for linking.
struct IdentitiesView: Sendable {
    /// The linked accounts.
    let list: IdentityListBody
    /// The enabled providers.
    let providers: Providers

    /// The values for the template.
    func values(_ texts: Translator) -> ViewValues {
        let methods = providers.all.map(\.provider).flatMap { provider in
            let linked = list.identities.filter { $0.provider == provider }
            return linked.isEmpty ? [linkableRow(provider, texts)] : linked.map { linkedRow($0, texts) }
        }
        // Identities of disabled providers are shown and can be unlinked.
        let others = list.identities.filter { !providers.contains($0.provider) }.map { linkedRow($0, texts) }
        return ["has_password": list.hasPassword, "methods": methods + others]
    }

    /// The ticket that starts linking an account of the provider in this session.
    ///
    /// With an API that sends no tickets, it is the value of the previous version; the API redirects if it no longer
    /// accepts that.
    func linkTicket(for provider: OAuthProvider) -> ProviderTicketBody {
        list.linkable?.first { $0.provider == provider } ?? ProviderTicketBody(provider: provider, ticket: "true")
    }

    /// Whether an account of the provider is linked.
    func isLinked(_ provider: OAuthProvider) -> Bool { list.identities.contains { $0.provider == provider } }

    /// Whether unlinking the provider account would leave no way to sign in.
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

    private func linkableRow(_ provider: OAuthProvider, _ texts: Translator) -> ViewValues {
        row(
            provider,
            [
                "linked": false,
                "link": SitePath.linking(linkTicket(for: provider)),
                "label": texts.text(.identityConnect, ["provider": providers.displayName(provider, texts)]),
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
