import ArgumentParser
import FoundationEssentials
import Shared

/// Which part of a list to show, and how.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The number of rows to show, from 1 to 1000.", valueName: "count"))
    var limit: Int64 = 50

    @Option(help: ArgumentHelp("Continue after this row of the previous page.", valueName: "id"))
    var after: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000") }
        guard after.map({ UUID(uuidString: $0) != nil }) ?? true else {
            throw ValidationError("--after is an identifier (UUID)")
        }
    }

    /// The part, and one row more by which to know that there is more.
    var page: PageRequest { PageRequest(limit: limit + 1, after: after.flatMap { UUID(uuidString: $0) }) }

    /// Prints a part of a list, and how to see the next.
    func show<Row: Encodable>(
        _ rows: [Row],
        id: (Row) -> String,
        empty: String,
        titles: [String],
        cells: (Row) -> [String]
    ) throws {
        let part = try part(rows, id: id, empty: empty, titles: titles, cells: cells)
        print(part.text)
        if let next = part.next { StandardError.print("more: --after \(next)") }
    }

    /// A part of a list as text, and the row to go on behind when there is more.
    func part<Row: Encodable>(
        _ rows: [Row],
        id: (Row) -> String,
        empty: String,
        titles: [String],
        cells: (Row) -> [String]
    ) throws -> (text: String, next: String?) {
        let shown = Array(rows.prefix(Int(limit)))
        let next = rows.count > shown.count ? shown.last.map(id) : nil
        if json { return (try JSONText.of(shown), next) }
        guard !shown.isEmpty else { return (empty, nil) }
        return (TextTable(titles: titles, rows: shown.map(cells)).description, next)
    }
}
