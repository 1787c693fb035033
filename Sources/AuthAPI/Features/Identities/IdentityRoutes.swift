import FoundationEssentials
import Hummingbird
import Shared

/// Handlers of linked provider accounts.
struct IdentityRoutes: Sendable {
    let service: IdentityService
    let pendingLinks: PendingLinkCookie
    let tickets: ProviderTickets

    /// `GET /api/auth/connect`: the provider account that is pending until the password is entered.
    @Sendable func pending(_ request: Request, context: APIRequestContext) throws -> Response {
        guard let pending = pendingLinks.pending(of: request) else {
            throw APIError(.noPendingLink, detail: "No provider account is waiting to be linked.")
        }
        return try .json(PendingLinkBody(provider: pending.provider, email: pending.email))
    }

    /// `GET /api/auth/identities`: the user's sign-in methods, and the tickets that start linking others.
    @Sendable func list(_ request: Request, context: SignedInContext) async throws -> Response {
        let methods = try await service.methods(of: context.signedIn)
        let session = context.signedIn.sessionID
        return try .json(
            IdentityListBody(
                identities: methods.identities.map { $0.body(service.providers) },
                hasPassword: methods.hasPassword,
                linkable: try service.linkable(besides: methods).map {
                    try tickets.ticket(.link, for: $0, session: session)
                }
            )
        )
    }

    /// `DELETE /api/auth/identities/{id}`: 204; the provider account is no longer linked.
    @Sendable func unlink(_ request: Request, context: SignedInContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ IdentityID(uuidString: $0) }) else {
            throw IdentityService.notFound
        }
        try await service.unlink(id, of: context.signedIn, from: RequestTrace(request, context: context))
        return Response(status: .noContent)
    }

    /// `GET /api/auth/confirmation`: how the user can confirm a change.
    @Sendable func confirmation(_ request: Request, context: SignedInContext) async throws -> Response {
        let (hasPassword, until, providers) = try await service.confirmation(of: context.signedIn)
        let session = context.signedIn.sessionID
        return try .json(
            ConfirmationBody(
                hasPassword: hasPassword,
                reauthenticatedUntil: until,
                providers: try providers.map { try tickets.ticket(.reauthenticate, for: $0, session: session) }
            )
        )
    }
}
