import FoundationEssentials
import HTTPTypes
import Shared

/// Decides who may use the application, by the session check that everything else uses.
struct ApplicationAccessService: Sendable {
    let sessions: SessionService
    let policy: AccessPolicy
    /// Signs the identity; nil unless `APP_ASSERTION` is on.
    let assertions: AssertionIssuer?
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }

    /// The decision on a request.
    enum Verdict {
        /// The request may reach the application, with these headers.
        case admitted(HTTPFields)
        /// There is no live session.
        case signedOut
        /// The user may not use the application.
        case refused
    }

    /// Decides on a request with the token of a session.
    ///
    /// - Throws: `PostgresError` when the session cannot be looked up.
    func verdict(on token: Secret?) async throws -> Verdict {
        guard let token, let signedIn = try await sessions.signedIn(with: token) else { return .signedOut }
        guard policy.refusal(of: signedIn) == nil else { return .refused }
        var fields = IdentityHeaders(signedIn: signedIn, userName: policy.userName).fields
        if let assertions { fields[.assertion] = try await assertions.assertion(of: signedIn, at: now()) }
        return .admitted(fields)
    }
}
