import ArgumentParser
import FoundationEssentials
import Shared

extension UserCommand {
    /// Creates a one-time link for a user who has forgotten the password.
    struct Recover: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a one-time link with which a user sets a new password (asks first).",
            discussion: """
                The link is printed once, on standard output; the database has only a keyed hash of its code. A newer link \
                replaces it. A change of the password or the address, and disabling the user, revoke it. Opening the link \
                changes nothing. Setting the password ends every session and disconnects provider accounts, because \
                someone who registered the address before its owner may have linked theirs. Give the link only to the \
                owner of the account.
                """
        )

        @OptionGroup var argument: UserArgument

        @Option(
            help: ArgumentHelp("How long the link is valid, up to 7d: 30m, 1h, 1d.", valueName: "duration"),
            transform: OperatorDuration.init(argument:)
        )
        var valid = OperatorDuration(seconds: 3600)

        @Flag(help: "Keep provider accounts linked.")
        var keepProviders = false

        @Flag(help: "Do not ask for confirmation.")
        var yes = false

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (60...7 * 86_400).contains(valid.seconds) else {
                throw ValidationError("--valid must be a duration from 1m to 7d")
            }
        }

        func run() async throws {
            let reference = try argument.reference
            try Operator.requireAnswer(isAgreed: yes)
            let (yes, seconds, keepsProviders) = (yes, valid.seconds, keepProviders)
            let link = try await Operator.run { service in
                guard let found = try await service.recoverable(reference) else { throw Operator.noUser(reference) }
                let email = TextTable.sanitized(found.user.email)
                guard found.user.disabledAt == nil else {
                    // The ID, because an address can contain what a shell would run.
                    let fix = "AuthAPI user enable \(found.user.id.lowercaseText)"
                    StandardError.print("\(email) is disabled\n  fix: \(fix)")
                    throw ExitCode.failure
                }
                if !yes {
                    StandardError.print(found.description)
                    let question = "This creates a link that sets a new password. Type the address to continue: "
                    guard Terminal.standard.ask(question) == found.user.email else {
                        StandardError.print("no link was created")
                        throw ExitCode.failure
                    }
                }
                let made = try await service.recover(
                    found.user,
                    validFor: seconds,
                    keepingProviders: keepsProviders
                )
                guard let made else {
                    StandardError.print("no link was created: \(email) has changed; run the command again")
                    throw Operator.notFound
                }
                return made
            }
            guard !json else { return try StandardOutput.print(JSONText.of(link)) }
            StandardError.print("valid until \(link.expiresAt.ISO8601Format()), for one use:")
            try StandardOutput.print(link.link)
        }
    }
}

/// A one-time link.
struct RecoveryLink: Sendable, Encodable {
    let email: String
    let link: String
    let expiresAt: Date

    private enum CodingKeys: String, CodingKey {
        case email, link
        case expiresAt = "expires_at"
    }
}

/// A user who needs a recovery link, and the details by which an operator verifies the owner.
struct RecoverableUser: Sendable, CustomStringConvertible {
    let user: UserRecord
    let lastSignIn: Date?

    var description: String {
        """
        user:            \(TextTable.sanitized(user.email)) (\(TextTable.sanitized(user.name)))
        created:         \(user.createdAt.ISO8601Format())
        last sign-in:    \(lastSignIn?.ISO8601Format() ?? "none in the audit trail")
        signs in by:     \(user.signIn)
        live sessions:   \(user.sessions)
        """
    }
}
