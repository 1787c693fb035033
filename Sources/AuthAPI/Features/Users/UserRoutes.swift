import Hummingbird
import Shared

/// Handlers of accounts.
struct UserRoutes: Sendable {
    let service: UserService
    let cookie: SessionCookie
    let devices: DeviceCookie
    /// What no password may be built from.
    let siteWords: [String]
    let metrics: APIMetrics

    /// `POST /api/auth/register`: 201 with the user, and the cookie of a first session.
    @Sendable func register(_ request: Request, context: APIRequestContext) async throws -> Response {
        var body = try await JSONBody(request)
        let email = body.value("email") { text throws(RuleViolation) in try EmailAddress(text) }
        let password = body.text("password")
        let name = body.value("name") { text throws(RuleViolation) in try DisplayName(text) }
        if let password {
            let others = [email?.value, name?.value].compactMap(\.self) + siteWords
            body.report(PasswordRules.violations(in: password, besides: others), in: "password")
        }
        try body.finish()
        // All three are there when nothing was at fault.
        guard let email, let password, let name else { throw APIError(.malformedRequest) }
        let opened = try await metrics.registration {
            try await service.register(
                .init(email: email, name: name, password: Password(password)),
                replacing: cookie.presented(by: request),
                from: RequestTrace(request, context: context)
            )
        }
        var response = cookie.set(opened.token, on: .json(opened.user.body, status: .created))
        try devices.keep(for: email, of: request, on: &response)
        return response
    }

    /// `GET /api/auth/me`: the signed-in user.
    @Sendable func me(_ request: Request, context: SignedInContext) -> Response {
        .json(context.signedIn.user.body)
    }
}
