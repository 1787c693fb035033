import Logging
import PostgresClient
import Shared

/// How an error that ended a flow is reported to the user and the operator.
struct SignInProblem: Sendable {
    /// The code for the user.
    let failure: OAuthFailure
    private let metadata: Logger.Metadata

    init(_ error: any Error) {
        switch error {
        case let error as ProviderError:
            var metadata: Logger.Metadata = ["reason": "\(error.reason)"]
            for (name, value) in error.details { metadata[name] = .string(value.description) }
            self.init(error.failure, metadata)
        case let error as PostgresError where error.meansUnavailable:
            self.init(.serviceUnavailable, ["reason": "the database is not available"], error)
        case let error as PostgresError:
            self.init(.internalError, ["reason": "a statement failed"], error)
        case is CancellationError:
            self.init(.serviceUnavailable, ["reason": "the server is stopping"])
        default:
            // Only the type: the text could contain input from a user or a provider.
            self.init(.internalError, ["reason": "unexpected error", "error": "\(type(of: error))"])
        }
    }

    private init(_ failure: OAuthFailure, _ metadata: Logger.Metadata, _ error: PostgresError? = nil) {
        self.failure = failure
        var metadata = metadata
        metadata["failure"] = .string(failure.rawValue)
        metadata["statement"] = error?.statement.map { .string($0) }
        metadata["sqlstate"] = error?.sqlState.map { .string($0) }
        metadata["constraint"] = error?.constraint.map { .string($0) }
        self.metadata = metadata
    }

    /// Logs it with the request ID.
    func log(at provider: OAuthProvider, to logger: Logger) {
        logger.log(
            level: level,
            "sign-in through a provider failed",
            metadata: metadata.merging(["provider": .string(provider.rawValue)]) { old, _ in old }
        )
    }

    /// Actions of users are notices; problems that an operator may have to fix are warnings or errors.
    private var level: Logger.Level {
        switch failure {
        case .accessDenied, .flowExpired, .emailUnverified, .identityTaken,
            .identityDisconnected, .accountExists, .accountDisabled, .registrationClosed, .notInvited,
            .domainNotAllowed, .providerAlreadyLinked, .signInRequired, .signInAgain, .providerDisabled,
            .notReauthenticated, .identityDiffers, .identityTooNew:
            .notice
        case .providerUnavailable, .providerError, .clockSkew, .notFromThisSite, .serviceUnavailable: .warning
        case .internalError: .error
        }
    }
}
