import Shared

/// Why a sign-in through a provider failed: at the provider, or in the flow.
struct ProviderError: Error, Sendable {
    /// The code for the user.
    let failure: OAuthFailure
    /// The reason for the operator: a fixed text, so that text from a provider cannot reach the log.
    let reason: StaticString
    /// Values for the operator to compare, with fixed names; they are escaped and truncated.
    var details: [(name: String, value: LogExcerpt)]

    init(_ failure: OAuthFailure, _ reason: StaticString, details: [(name: String, value: LogExcerpt)] = []) {
        self.failure = failure
        self.reason = reason
        self.details = details
    }

    /// An error with the provider's own code.
    init(_ failure: OAuthFailure, _ reason: StaticString, providerError: LogExcerpt?) {
        self.init(failure, reason, details: providerError.map { [("provider_error", $0)] } ?? [])
    }

    /// A response of another type.
    static let notJSON = ProviderError(.providerError, "the provider's response is not JSON")

    /// Two values that had to be equal, for the operator.
    static func mismatch(_ reason: StaticString, expected: String, received: String) -> ProviderError {
        ProviderError(
            .providerError,
            reason,
            details: [
                (name: "expected", value: LogExcerpt(expected)), (name: "received", value: LogExcerpt(received)),
            ]
        )
    }
}
