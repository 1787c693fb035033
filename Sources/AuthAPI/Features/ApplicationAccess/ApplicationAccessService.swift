import FoundationEssentials
import HTTPTypes

/// Decides which signed-in users may use the application, and describes each user to it.
struct ApplicationAccessService: Sendable {
    let policy: AccessPolicy
    let rejections: AccessRejections
    /// Signs the description of the user; nil unless `APP_ASSERTION` is on.
    let assertions: AssertionIssuer?
    var now: @Sendable () -> Date = { Date.now }

    /// The decision on a request.
    enum Verdict {
        /// The request may reach the application, with these headers.
        case admitted(HTTPFields)
        /// There is no live session.
        case signedOut
        /// The user may not use the application.
        case rejected
    }

    /// Decides on a request, and records a rejection in the audit trail.
    func verdict(on signedIn: SignedIn?, from trace: @autoclosure () -> RequestTrace) async throws -> Verdict {
        guard let signedIn else { return .signedOut }
        if let rejection = policy.rejection(of: signedIn) {
            await rejections.record(rejection, of: signedIn, from: trace())
            return .rejected
        }
        var fields = IdentityHeaders(signedIn: signedIn, userName: policy.userName).fields
        if let assertions { fields[.assertion] = try await assertions.assertion(of: signedIn, at: now()) }
        return .admitted(fields)
    }
}
