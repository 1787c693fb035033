import Hummingbird
import Shared

/// Handlers of provider accounts without a verified email address, whose users enter one.
struct AddressRoutes: Sendable {
    let service: AddressService
    let cookies: BrowserCookies
    let metrics: APIMetrics

    /// `GET /api/auth/address`: the provider account that waits for an address.
    @Sendable func pending(_ request: Request, context: APIRequestContext) throws -> Response {
        guard let pending = cookies.pendingAddresses.pending(of: request) else { throw APIError.noPendingAddress }
        return try .json(pending.body)
    }

    /// `POST /api/auth/address`: 201 with the user, and the cookie of the first session.
    ///
    /// The invitation of the flow counts unless the body has one.
    @Sendable func register(_ request: Request, context: APIRequestContext) async throws -> Response {
        try service.policy.requireOpen()
        var body = try await JSONBody(request)
        let email = body.value("email") { text throws(RuleViolation) in try EmailAddress(text) }
        let invite = body.optionalValue("invite") { text throws(RuleViolation) in try OneTimeCode.unread(text) }
        try body.finish()
        // The field exists if there was no fault.
        guard let email else { throw APIError(.malformedRequest) }
        guard let pending = cookies.pendingAddresses.pending(of: request) else { throw APIError.noPendingAddress }
        let opened = try await metrics.registration {
            try await service.register(
                pending,
                email: email,
                invite: invite ?? pending.invite,
                replacing: cookies.session.presented(by: request),
                from: RequestTrace(request, context: context)
            )
        }
        metrics.countSignIn(pending.provider.rawValue, "ok")
        var response = cookies.session.set(opened.token, on: .json(opened.user.body, status: .created))
        cookies.forgetPending(of: request, on: &response)
        return response
    }
}
