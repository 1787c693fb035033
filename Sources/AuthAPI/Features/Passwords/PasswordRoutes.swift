import FoundationEssentials
import Hummingbird
import Shared

/// Handlers of passwords.
struct PasswordRoutes: Sendable {
    let service: PasswordService
    let cookie: SessionCookie
    let devices: DeviceCookie
    /// What no password may be built from.
    let siteWords: [String]

    /// `POST /api/auth/password`: 200 with the user, and the cookie of the one session that is left.
    @Sendable func change(_ request: Request, context: SignedInContext) async throws -> Response {
        let user = context.signedIn.user
        var body = try await JSONBody(request)
        let current = body.optionalValue(ConfirmationField.currentPassword.rawValue) { text throws(RuleViolation) in
            try Password.typed(text)
        }
        let new = body.text("new_password")
        if let new {
            let others = [user.email, user.name] + siteWords
            body.report(PasswordRules.violations(in: new, besides: others), in: "new_password")
        }
        try body.finish()
        // It is there when nothing was at fault.
        guard let new else { throw APIError(.malformedRequest) }
        // An address that was moved over may keep to no rule.
        let email = try? EmailAddress(exactly: user.email)
        let device = email.flatMap { devices.device(of: request, for: $0) }
        let opened = try await service.change(
            to: Password(new),
            current: current,
            of: context.signedIn,
            from: RequestTrace(request, context: context, knownAs: device)
        )
        var response = cookie.set(opened.token, on: .json(opened.user.body))
        if let email { try devices.keep(for: email, of: request, on: &response) }
        return response
    }
}
