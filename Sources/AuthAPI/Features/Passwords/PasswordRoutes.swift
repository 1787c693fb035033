import Hummingbird
import Shared

/// Handlers of passwords.
struct PasswordRoutes: Sendable {
    let service: PasswordService
    let cookies: BrowserCookies
    /// The words that passwords must not be built from.
    let siteWords: [String]

    /// `POST /api/auth/password`: 200 with the user, and the cookies of the only remaining session and the only known browser.
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
        // The field exists if there was no fault.
        guard let new else { throw APIError(.malformedRequest) }
        // The address of a migrated user may violate the rules.
        let email = try? EmailAddress(exactly: user.email)
        let device = email.flatMap { cookies.devices.device(of: request, for: $0) }
        let opened = try await service.change(
            to: Password(new),
            current: current,
            of: context.signedIn,
            from: RequestTrace(request, context: context, knownDevice: device?.user == user.id ? device : nil)
        )
        var response = cookies.session.set(opened.token, on: .json(opened.user.body))
        if let email {
            try cookies.devices.keep(for: email, of: user.id, from: request, afterPasswordChange: true, on: &response)
        }
        return response
    }
}
