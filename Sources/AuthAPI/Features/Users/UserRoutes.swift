import Hummingbird
import Shared

/// Handlers of accounts.
struct UserRoutes: Sendable {
    let service: UserService
    let cookies: BrowserCookies
    /// The words that passwords must not be built from.
    let siteWords: [String]
    let metrics: APIMetrics

    /// `POST /api/auth/register`: 201 with the user, and the cookie of the first session.
    @Sendable func register(_ request: Request, context: APIRequestContext) async throws -> Response {
        try service.policy.requireOpen()
        var body = try await JSONBody(request)
        let email = body.value("email") { text throws(RuleViolation) in try EmailAddress(text) }
        let password = body.text("password")
        let name = body.value("name") { text throws(RuleViolation) in try DisplayName(text) }
        let invite = body.optionalValue("invite") { text throws(RuleViolation) in try OneTimeCode.unread(text) }
        if let password {
            let others = [email?.value, name?.value].compactMap(\.self) + siteWords
            body.report(PasswordRules.violations(in: password, besides: others), in: "password")
        }
        try body.finish()
        // All three fields exist if there was no fault.
        guard let email, let password, let name else { throw APIError(.malformedRequest) }
        let opened = try await metrics.registration {
            try await service.register(
                .init(email: email, name: name, password: Password(password)),
                invite: invite,
                replacing: cookies.session.presented(by: request),
                from: RequestTrace(request, context: context)
            )
        }
        var response = cookies.session.set(opened.token, on: .json(opened.user.body, status: .created))
        try cookies.devices.keep(for: email, of: opened.user.id, from: request, on: &response)
        // The cookie may be that of another user of this browser.
        cookies.pendingAddresses.forget(of: request, on: &response)
        return response
    }

    /// `GET /api/auth/me`: the signed-in user.
    @Sendable func me(_ request: Request, context: SignedInContext) -> Response {
        .json(context.signedIn.user.body)
    }

    /// `POST /api/auth/name`: 200 with the user, with the new name.
    @Sendable func rename(_ request: Request, context: SignedInContext) async throws -> Response {
        var body = try await JSONBody(request)
        let name = body.value("name") { text throws(RuleViolation) in try DisplayName(text) }
        try body.finish()
        // The field exists if there was no fault.
        guard let name else { throw APIError(.malformedRequest) }
        let trace = RequestTrace(request, context: context)
        return .json(try await service.rename(context.signedIn, to: name, from: trace).body)
    }

    /// `GET /api/auth/data`: the user's data, as a file.
    @Sendable func data(_ request: Request, context: SignedInContext) async throws -> Response {
        // HEAD is not supported, because it would record a download.
        guard request.method == .get else { throw APIError.getOnly }
        let data = try await service.ownData(of: context.signedIn, from: RequestTrace(request, context: context))
        var response = try Response.json(data)
        response.headers[.contentDisposition] = "attachment; filename=\"yoshikosan-data.json\""
        return response
    }

    /// `POST /api/auth/delete`: 204; deletes the account and every cookie of this site.
    @Sendable func delete(_ request: Request, context: SignedInContext) async throws -> Response {
        let email = context.signedIn.user.email
        var body = try await JSONBody(request)
        _ = body.value("email") { text throws(RuleViolation) in
            let typed = EmailAddress.fromForm(text)
            guard !typed.isEmpty else { throw RuleViolation(.required, "Enter the email address of your account.") }
            // Compare with the stored address: that of a migrated user may violate the rules.
            guard typed.lowercased().isExactly(EmailAddress.fromForm(email).lowercased()) else {
                throw RuleViolation(.mismatch, UserService.otherEmail.detail)
            }
        }
        let password = body.optionalValue(ConfirmationField.password.rawValue) { text throws(RuleViolation) in
            try Password.typed(text)
        }
        try body.finish()
        let trace = RequestTrace(request, context: context)
        try await service.delete(context.signedIn, password: password, from: trace)
        var response = cookies.session.clear(on: Response(status: .noContent))
        cookies.devices.forget(on: &response)
        cookies.flows.forgetAll(of: request, on: &response)
        cookies.forgetPending(of: request, on: &response)
        return response
    }
}
