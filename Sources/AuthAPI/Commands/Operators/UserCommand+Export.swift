import ArgumentParser
import Shared

extension UserCommand {
    /// Exports one user's data, or all users.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a user's data as JSON, or all users in the form that `user import` reads.",
            discussion: """
                With a user: account, provider accounts, live sessions and audit events, as one JSON object. Without one: \
                every user, one object per line. Secrets are omitted; --password-hashes prints password hashes.
                """
        )

        @Argument(help: "Email address or ID. Default: every user.")
        var user: String?

        @Flag(help: "Also print password hashes. Protect the output like the database.")
        var passwordHashes = false

        func validate() throws {
            guard user == nil || !passwordHashes else {
                throw ValidationError("--password-hashes cannot be combined with a user")
            }
        }

        func run() async throws {
            guard let user else { return try await exportAll() }
            let reference = try Operator.reference(user)
            guard let export = try await Operator.run({ try await $0.export(reference) }) else {
                throw Operator.noUser(reference)
            }
            try StandardOutput.print(JSONText.of(export))
        }

        private func exportAll() async throws {
            let passwordHashes = passwordHashes
            try await Operator.run { service in
                try await service.exportAll(withPasswordHashes: passwordHashes) { part in
                    try StandardOutput.print(part.map(JSONText.line).joined(separator: "\n"))
                }
            }
        }
    }
}
