import ArgumentParser
import Shared

/// Manages the secrets of a deployment.
struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Completes a change of SECRET_KEY.",
        subcommands: [Rotate.self]
    )

    /// Encrypts stored data with the new key.
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Encrypts stored provider tokens with SECRET_KEY instead of SECRET_KEY_PREVIOUS.",
            discussion: """
                Can run beside the servers, and can be interrupted and run again. Exit status 0: every token uses \
                SECRET_KEY, so that SECRET_KEY_PREVIOUS can be removed. 78: some tokens use neither key. 69: the database \
                is unavailable.
                """
        )

        func run() async throws {
            try Self.printReport(try await Operator.run { try await $0.rotation.run() })
        }

        /// The result as text.
        private static func printReport(_ report: ProviderTokenRotation.Report) throws {
            try StandardOutput.print("encrypted: \(report.rotated)")
            try StandardOutput.print("already current: \(report.current)")
            guard report.unreadable > 0 else { return }
            StandardError.print(
                """
                cannot be decrypted: \(report.unreadable)
                These tokens were stored under a key that is neither SECRET_KEY nor SECRET_KEY_PREVIOUS. Set that key as \
                SECRET_KEY_PREVIOUS and run this again; or leave them: each is replaced when its owner signs in.
                """
            )
            throw ExitCode.misconfigured
        }
    }
}
