import ArgumentParser
import PostgresClient
import Shared

/// The message and the exit status of a failed command.
struct CommandEnding: Equatable {
    let explanation: String
    let status: Int32

    /// Explains a failure of the database, or a violated rule; nil for any other error.
    init?(of error: any Error, on configuration: PostgresConfiguration? = nil) {
        switch error {
        case let error as APIError:
            explanation = error.detail
            status = ExitCode.failure.rawValue
        case let error as MigrationError:
            explanation = error.description
            status =
                switch error {
                case .unfit: SettingsFaults.exitStatus
                case .locked: HealthCheck.unavailableStatus
                default: ExitCode.failure.rawValue
                }
        case let error as PostgresError where error.kind != .misuse:
            let explained = DatabaseExplanation(error, configuration)
            explanation = explained.text
            status = explained.status
        default: return nil
        }
    }

    /// Runs `body`; prints a failure that can be explained and ends the command with its status.
    static func explaining<Value>(
        on configuration: PostgresConfiguration,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            guard let ending = CommandEnding(of: error, on: configuration) else { throw error }
            StandardError.print(ending.explanation)
            throw ExitCode(ending.status)
        }
    }
}
