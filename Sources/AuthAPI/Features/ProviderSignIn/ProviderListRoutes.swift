import Hummingbird
import Shared

/// Lists the enabled providers.
struct ProviderListRoutes: Sendable {
    let providers: ProviderList

    /// `GET /api/auth/providers`: the enabled providers, in the order of their buttons.
    @Sendable func list(_ request: Request, context: APIRequestContext) throws -> Response {
        try .json(
            ProviderListBody(
                providers: providers.all.map { ProviderBody(provider: $0.key, kind: $0.kind, name: $0.name) }
            )
        )
    }
}
