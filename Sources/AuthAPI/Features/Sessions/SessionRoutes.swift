import FoundationEssentials
import Hummingbird
import Shared

/// Handlers of sessions.
struct SessionRoutes: Sendable {
    let service: SessionService
    let cookie: SessionCookie
    let pendingLinks: PendingLinkCookie
    let pendingAddresses: PendingAddressCookie
    let devices: DeviceCookie
    let metrics: APIMetrics

    /// `POST /api/auth/login`: 200 with the user, and the cookie of a new session.
    ///
    /// With `connect`, the pending provider account in a cookie is linked if the password is correct; otherwise it
    /// stays pending.
    @Sendable func login(_ request: Request, context: APIRequestContext) async throws -> Response {
        var body = try await JSONBody(request)
        let email = body.value("email") { text throws(RuleViolation) in try EmailAddress(text) }
        let password = body.value("password") { text throws(RuleViolation) in try Password.typed(text) }
        let provider = body.optionalValue("connect") { text throws(RuleViolation) in try Self.provider(text) }
        try body.finish()
        // Both exist if there was no fault.
        guard let email, let password else { throw APIError(.malformedRequest) }
        let pending = try provider.map { try self.pending(at: $0, for: email, of: request) }
        let opened = try await metrics.signIn {
            try await service.signIn(
                email: email,
                password: password,
                linking: pending,
                replacing: cookie.presented(by: request),
                from: RequestTrace(request, context: context, knownDevice: devices.device(of: request, for: email))
            )
        }
        var response = cookie.set(opened.token, on: .json(opened.user.body))
        try devices.keep(for: email, of: opened.user.id, from: request, on: &response)
        if pending != nil { pendingLinks.forget(of: request, on: &response) }
        // It may be that of another user of this browser.
        pendingAddresses.forget(of: request, on: &response)
        return response
    }

    /// `POST /api/auth/logout`: 204; ends the session and deletes the cookie.
    ///
    /// The cookie is deleted even if the session cannot be ended; the response is then the error.
    @Sendable func logout(_ request: Request, context: APIRequestContext) async throws -> Response {
        let trace = RequestTrace(request, context: context)
        var cleared = cookie.clear(on: Response(status: .noContent))
        pendingLinks.forget(of: request, on: &cleared)
        pendingAddresses.forget(of: request, on: &cleared)
        var failure: (any Error)?
        for token in cookie.allTokens(of: request) {
            do { try await service.signOut(token, from: trace) } catch { failure = error }
        }
        if let failure { throw ErrorWithHeaders(failure, headers: cleared.headers) }
        return cleared
    }

    /// `GET /api/auth/sessions`: the user's live sessions.
    @Sendable func list(_ request: Request, context: SignedInContext) async throws -> Response {
        let visitor = context.signedIn
        let (sessions, total) = try await service.sessions(of: visitor)
        return try .json(
            SessionListBody(sessions: sessions.map { $0.body(current: visitor.sessionID) }, total: total)
        )
    }

    /// `DELETE /api/auth/sessions/{id}`: 204; ending the current session also deletes the cookie.
    @Sendable func end(_ request: Request, context: SignedInContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ SessionID(uuidString: $0) }) else {
            throw APIError(.sessionNotFound, detail: "You have no such session.")
        }
        try await service.end(id, of: context.signedIn, from: RequestTrace(request, context: context))
        let response = Response(status: .noContent)
        return id == context.signedIn.sessionID ? cookie.clear(on: response) : response
    }

    /// `DELETE /api/auth/sessions`: the number of other sessions that were ended.
    @Sendable func endOthers(_ request: Request, context: SignedInContext) async throws -> Response {
        let ended = try await service.endOthers(of: context.signedIn, from: RequestTrace(request, context: context))
        return try .json(EndedSessionsBody(ended: ended))
    }

    /// The pending provider account for the account with that email address.
    private func pending(
        at provider: OAuthProvider,
        for email: EmailAddress,
        of request: Request
    ) throws -> PendingLink {
        guard let pending = pendingLinks.pending(of: request), pending.provider == provider else {
            throw APIError(.noPendingConnection, detail: "No account of this provider is waiting to be linked.")
        }
        guard pending.email == email.value else {
            let detail = "Enter the password of the account with the same email as the provider account."
            throw APIError.invalidFields([FieldError(field: "email", code: .differs, detail: detail)])
        }
        return pending
    }

    private static func provider(_ text: String) throws(RuleViolation) -> OAuthProvider {
        guard let provider = OAuthProvider(exactly: text), OAuthProvider.settable.contains(provider) else {
            throw RuleViolation(.unknownValue, "This field must be a key that GET \(APIPath.providers) lists.")
        }
        return provider
    }
}
