import ArgumentParser
import FoundationEssentials
import Shared

/// Prints the audit trail.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prints the audit trail, oldest event first.",
        discussion: """
            A time is \(OperatorTime.forms). By email address, a user's events are those of the account, even if it was deleted, \
            and attempts with the address while it had no account.
            """
    )

    @Option(help: ArgumentHelp("Only events of this user, by email address or identifier.", valueName: "user"))
    var user: String?

    @Option(
        help: ArgumentHelp("Only events at or after this time.", valueName: "time"),
        transform: OperatorTime.init(argument:)
    )
    var since: OperatorTime?

    @Option(
        help: ArgumentHelp("Only events before this time.", valueName: "time"),
        transform: OperatorTime.init(argument:)
    )
    var until: OperatorTime?

    @Option(help: "Only events of this kind.")
    var event: AuditEventKind?

    @Option(help: ArgumentHelp("Only the newest events, at most this many.", valueName: "count"))
    var limit: Int64?

    @Flag(help: "Print JSON, one object per line.")
    var json = false

    func validate() throws {
        guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit must be at least 1") }
        guard let since, let until else { return }
        guard since.date < until.date else { throw ValidationError("--until must be after --since") }
    }

    func run() async throws {
        let reference = try user.map { try Operator.reference($0, option: "--user") }
        try await Operator.run { service in
            let trail = service.audit
            let query = AuditQuery(
                subject: reference.map(trail.subject),
                event: event,
                since: since?.date,
                until: until?.date
            )
            var isFirst = true
            try await trail.read(query, newest: limit) { part in
                try StandardOutput.print(text(of: part, isFirst: isFirst))
                isFirst = false
            }
            if isFirst, !json { try StandardOutput.print("no events") }
        }
    }

    /// A part of the trail as text without a final line break; the first part has the titles.
    func text(of part: [AuditRecord], isFirst: Bool) throws -> String {
        if json { return try part.map(JSONText.line).joined(separator: "\n") }
        return TextTable(titles: Self.titles, rows: part.map(\.cells), showsTitles: isFirst).description
    }

    private static let titles = ["TIME", "EVENT", "HOW", "USER", "ADDRESS", "REQUEST", "SESSION", "BROWSER"]
}

extension AuditEventKind: ExpressibleByArgument {}

extension AuditRecord {
    fileprivate var cells: [String] {
        [
            occurredAt.ISO8601Format(), event, how.isEmpty ? "-" : how, subjectLabel ?? "-", address ?? "-",
            requestID ?? "-",
            session ?? "-", userAgent ?? "-",
        ]
    }
}
