import ArgumentParser
import Logging
import PostgresClient
import Shared

/// Functions shared by the commands for operators.
enum Operator {
    /// The exit status when nothing was found.
    static let notFound = ExitCode(1)

    /// Runs a command on the configured database.
    ///
    /// - Throws: ``ExitCode`` 78 for invalid settings and when the database refuses the connection, 69 when it is
    ///   unavailable, 1 for a violated rule.
    static func run<Value: Sendable>(_ body: (OperatorService) async throws -> Value) async throws -> Value {
        let settings = try APISettings.orExit()
        JSONLogHandler.bootstrap(settings.common, leastLevel: .error)
        return try await CommandEnding.explaining(on: settings.database.serving) { try await with(settings, body) }
    }

    /// Runs `body` on the configured database, and closes the connection afterwards.
    static func with<Value: Sendable>(
        _ settings: APISettings,
        _ body: (OperatorService) async throws -> Value
    ) async throws -> Value {
        // Operators can wait, and their statements may take longer than those of requests.
        var configuration = settings.database.serving.single(for: "operator", waitingUpTo: .seconds(10))
        configuration.jobTimeout = .seconds(40)
        configuration.statementTimeout = .seconds(30)
        configuration.endsWhenRefused = true
        let logger = Logger(label: "AuthAPI")
        try await PostgresReach.wait(for: configuration, logger: logger)
        let hasher = PasswordHasher(parameters: settings.argon2, pool: try HashingPool(threads: 1))
        let providers = IdentityProviders(settings.providers, logger: logger)
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await PostgresPool.with(configuration, logger: logger) { postgres in
                    try await body(
                        OperatorService(settings: settings, postgres: postgres, hasher: hasher, providers: providers)
                    )
                }
            )
        } catch {
            result = .failure(error)
        }
        try await providers.close()
        return try result.get()
    }

    /// The user in an argument, or in the option of the given name; ends the command with status 64 when it is invalid.
    static func reference(_ text: String, option: String? = nil) throws -> UserReference {
        guard let reference = UserReference(text) else {
            let name = option.map { "\($0): " } ?? ""
            throw usageError("\(name)a user is identified by email address or ID (UUID)")
        }
        return reference
    }

    /// Asks for confirmation before deleting something, unless `--yes` was given.
    ///
    /// - Parameters:
    ///   - what: what is deleted; completes the sentence "This deletes".
    ///   - answer: the text to type.
    ///   - call: the description of `answer`, such as "the address".
    ///   - isAgreed: whether `--yes` was given.
    ///   - terminal: the terminal.
    /// - Throws: ``ExitCode`` 1 when another text was typed.
    static func confirm(
        deletionOf what: String,
        byTyping answer: String,
        _ call: String,
        isAgreed: Bool,
        at terminal: Terminal = .standard
    ) throws {
        guard !isAgreed, terminal.ask("This deletes \(what). Type \(call) to continue: ") != answer else { return }
        StandardError.print("nothing was deleted")
        throw ExitCode.failure
    }

    /// Rejects a command that needs confirmation without a terminal.
    ///
    /// - Throws: ``ExitCode`` 64.
    static func requireAnswer(isAgreed: Bool, at terminal: Terminal = .standard) throws {
        guard isAgreed || terminal.isInteractive else {
            throw usageError("confirmation is required and there is no terminal; add --yes")
        }
    }

    /// A number with its noun: "1 session", "2 sessions".
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// Prints a usage error: `EX_USAGE` of sysexits.h.
    static func usageError(_ explanation: String) -> ExitCode {
        StandardError.print(explanation)
        return ExitCode(64)
    }

    /// Prints that there is no such user.
    static func noUser(_ reference: UserReference) -> ExitCode {
        StandardError.print("there is no user \(reference)")
        return notFound
    }

    /// Prints that the row to continue after does not exist; it may have been deleted.
    static func noRow(_ list: ListOptions) -> ExitCode {
        StandardError.print("there is no row \(list.after ?? "") to continue after; start from the beginning")
        return notFound
    }
}
