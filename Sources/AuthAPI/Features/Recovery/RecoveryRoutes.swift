import Hummingbird
import Shared

/// Handlers of one-time links for users who have forgotten their password.
struct RecoveryRoutes: Sendable {
    let service: RecoveryService

    /// `POST /api/auth/recover`: 204 when the new password is set; it does not sign in.
    @Sendable func recover(_ request: Request, context: APIRequestContext) async throws -> Response {
        var body = try await JSONBody(request)
        let code = body.value("code") { text throws(RuleViolation) in try OneTimeCode.unread(text) }
        let password = body.text("password")
        if let password {
            body.report(PasswordRules.violations(in: password, besides: service.siteWords), in: "password")
        }
        try body.finish()
        // Both fields exist if there was no fault.
        guard let code, let password else { throw APIError(.malformedRequest) }
        try await service.recover(with: code, to: password, from: RequestTrace(request, context: context))
        return Response(status: .noContent)
    }
}
