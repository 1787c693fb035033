import FoundationEssentials
import Hummingbird
import Shared

/// Handlers of sessions.
struct SessionRoutes: Sendable {
    let service: SessionService
    let cookies: BrowserCookies
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
        // Both fields exist if there was no fault.
        guard let email, let password else { throw APIError(.malformedRequest) }
        let pending = try provider.map { try self.pending(at: $0, for: email, of: request) }
        let device = cookies.devices.device(of: request, for: email)
        let opened = try await metrics.signIn {
            try await service.signIn(
                email: email,
                password: password,
                linking: pending,
                replacing: cookies.session.presented(by: request),
                from: RequestTrace(request, context: context, knownDevice: device)
            )
        }
        var response = cookies.session.set(opened.token, on: .json(opened.user.body))
        try cookies.devices.keep(for: email, of: opened.user.id, from: request, on: &response)
        if pending != nil { cookies.pendingLinks.forget(of: request, on: &response) }
        // The cookie may be that of another user of this browser.
        cookies.pendingAddresses.forget(of: request, on: &response)
        return response
    }

    /// `POST /api/auth/logout`: 204; ends the session and deletes the cookie.
    ///
    /// The cookie is deleted even if the session cannot be ended; the response is then the error.
    @Sendable func logout(_ request: Request, context: APIRequestContext) async throws -> Response {
        let trace = RequestTrace(request, context: context)
        var cleared = cookies.session.clear(on: Response(status: .noContent))
        cookies.pendingLinks.forget(of: request, on: &cleared)
        cookies.pendingAddresses.forget(of: request, on: &cleared)
        var failure: (any Error)?
        for token in cookies.session.allTokens(of: request) {
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
            throw SessionService.notFound
        }
        try await service.end(id, of: context.signedIn, from: RequestTrace(request, context: context))
        let response = Response(status: .noContent)
        return id == context.signedIn.sessionID ? cookies.session.clear(on: response) : response
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
        guard let pending = cookies.pendingLinks.pending(of: request), pending.provider == provider else {
            throw APIError(.noPendingLink, detail: "No account of this provider is waiting to be linked.")
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
