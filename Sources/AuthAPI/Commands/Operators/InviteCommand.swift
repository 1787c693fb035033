import ArgumentParser
import FoundationEssentials
import Shared

/// Creates, lists and revokes invitations.
struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Creates, lists and revokes invitations to create an account (REGISTRATION=invite).",
        subcommands: [Create.self, List.self, Revoke.self]
    )

    /// Creates an invitation.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a link with which an account can be created.",
            discussion: "The link is printed once; the database has only a keyed hash of its code."
        )

        @Option(help: "The one email address that may use it. Default: any that REGISTRATION_DOMAINS allows.")
        var email: String?

        @Option(help: "The number of accounts that can be created with it, from 1 to 10000.")
        var uses: Int32 = 1

        @Option(
            help: ArgumentHelp("How long it is valid, up to 52w: 1d, 7d, 4w.", valueName: "duration"),
            transform: OperatorDuration.init(argument:)
        )
        var valid = OperatorDuration(seconds: 7 * 86_400)

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...10_000).contains(uses) else { throw ValidationError("--uses must be a number from 1 to 10000") }
            guard (60...52 * 7 * 86_400).contains(valid.seconds) else {
                throw ValidationError("--valid must be a duration from 1m to 52w")
            }
        }

        func run() async throws {
            let address = try Self.address(email)
            let uses = uses
            let seconds = valid.seconds
            let made = try await Operator.run { try await $0.invite(address, uses: uses, validFor: seconds) }
            if made.mode != .invite {
                StandardError.print("note: REGISTRATION is \(made.mode.rawValue), so invitations are not used")
            }
            guard !json else { return try StandardOutput.print(JSONText.of(made)) }
            let accounts = made.uses == 1 ? "one account" : "\(made.uses) accounts"
            let until = made.expiresAt.ISO8601Format()
            StandardError.print("valid until \(until), for \(accounts); revoke: invite revoke \(made.id)")
            try StandardOutput.print(made.link)
        }

        private static func address(_ email: String?) throws -> EmailAddress? {
            guard let email else { return nil }
            do throws(RuleViolation) {
                return try EmailAddress(email)
            } catch {
                throw Operator.usageError("--email: \(error.detail)")
            }
        }
    }

    /// Lists invitations.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists invitations that can still be used, newest first; their codes are not known."
        )

        @OptionGroup var rows: RowOptions

        func run() async throws {
            let limit = rows.limit
            let invites = try await Operator.run { try await $0.invites.live(limit: limit) }
            guard !rows.json else { return try StandardOutput.print(JSONText.of(invites)) }
            guard !invites.isEmpty else { return try StandardOutput.print("no live invitations") }
            let table = TextTable(
                titles: ["ID", "USED", "CREATED", "EXPIRES", "EMAIL"],
                rows: invites.map { invite in
                    [
                        invite.id, "\(invite.used)/\(invite.uses)", invite.createdAt.ISO8601Format(),
                        invite.expiresAt.ISO8601Format(), invite.email ?? "any",
                    ]
                }
            )
            try StandardOutput.print(table)
        }
    }

    /// Revokes an invitation.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revokes an invitation; its accounts stay.")

        @Argument(help: "The identifier that `invite list` shows.")
        var invite: String

        func run() async throws {
            guard let id = UUID(uuidString: invite) else {
                throw Operator.usageError("an invitation is identified by its ID (UUID)")
            }
            guard try await Operator.run({ try await $0.invites.revoke(id) }) else {
                StandardError.print("there is no live invitation \(id.lowercaseText)")
                throw Operator.notFound
            }
            try StandardOutput.print("revoked 1 invitation")
        }
    }
}
