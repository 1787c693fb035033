import ArgumentParser
import FoundationEssentials
import Shared

/// Shows and clears the rate limits.
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Lists and clears the limits on sign-in attempts and registrations.",
        subcommands: [List.self, Clear.self]
    )

    /// Lists rate limits in use.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the limits in use, the slowest to recover first.",
            discussion: """
                The database stores accounts and addresses as keyed hashes only. A limit that was exceeded shows the account and \
                network from the audit trail; others show the beginning of the hash, unless you name the account or address.
                """
        )

        @Argument(help: ArgumentHelp("Only those of this email address or IP address.", valueName: "email|address"))
        var target: String?

        @OptionGroup var rows: RowOptions

        func run() async throws {
            let target = try target.map(LimitTarget.init(argument:))
            let limit = rows.limit
            let limits = try await Operator.run { try await $0.limits(of: target, limit: limit) }
            guard !rows.json else { return try StandardOutput.print(JSONText.of(limits)) }
            guard !limits.isEmpty else { return try StandardOutput.print("no limit is in use") }
            let table = TextTable(
                titles: ["LIMIT", "USED", "NEXT ATTEMPT", "FULL AT", "SUBJECT"],
                rows: limits.map { limit in
                    [
                        limit.kind, "\(limit.used)/\(limit.attempts)", limit.wait == 0 ? "now" : "in \(limit.wait) s",
                        limit.freeAt.ISO8601Format(), limit.subjectLabel,
                    ]
                }
            )
            try StandardOutput.print(table)
        }
    }

    /// Clears rate limits.
    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Clears the limits of an account, or of a network.",
            discussion: """
                By email address: the account, and the browsers that are known for it. By IP address: sign-ins, \
                registrations and recoveries from its network (the /24 of an IPv4 address, the /64 of an IPv6 address).
                """
        )

        @Argument(help: ArgumentHelp("Email address or IP address.", valueName: "email|address"))
        var target: String

        func run() async throws {
            let target = try LimitTarget(argument: target)
            let cleared = try await Operator.run { try await $0.clearLimits(of: target) }
            guard cleared > 0 else { return try StandardOutput.print("nothing to clear for \(target)") }
            try StandardOutput.print("cleared \(Operator.count(cleared, "limit")) of \(target)")
        }
    }
}
