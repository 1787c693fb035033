import ArgumentParser
import FoundationEssentials
import Shared

/// Lists and ends sessions.
struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Lists and ends live sessions.",
        subcommands: [List.self, End.self]
    )

    /// Lists sessions.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists live sessions, newest first.")

        @Option(help: ArgumentHelp("Only sessions of this user, by email address or ID.", valueName: "user"))
        var user: String?

        @OptionGroup var list: ListOptions

        func run() async throws {
            let reference = try user.map { try Operator.reference($0, option: "--user") }
            let sessions = try await Operator.run { service in
                if let reference, try await service.store.user(reference) == nil { throw Operator.noUser(reference) }
                guard let sessions = try await service.store.sessions(list.page, of: reference) else {
                    throw Operator.noRow(list)
                }
                return sessions
            }
            try list.show(
                sessions,
                id: \.id,
                empty: "no live sessions",
                titles: ["ID", "EMAIL", "CREATED", "EXPIRES", "ADDRESS", "BROWSER"],
                cells: {
                    [
                        $0.id, $0.email, $0.createdAt.ISO8601Format(), $0.expiresAt.ISO8601Format(),
                        $0.ipAddress ?? "-", $0.userAgent ?? "-",
                    ]
                }
            )
        }
    }

    /// Ends one session.
    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a session; its token becomes invalid at once.")

        @Argument(help: "The ID shown by `session list`.")
        var session: String

        func run() async throws {
            guard let id = SessionID(uuidString: session) else {
                throw Operator.usageError("a session is identified by its ID (UUID)")
            }
            guard try await Operator.run({ try await $0.store.endSession(id) }) else {
                StandardError.print("there is no live session \(id.lowercaseText)")
                throw Operator.notFound
            }
            try StandardOutput.print("ended 1 session")
        }
    }
}
