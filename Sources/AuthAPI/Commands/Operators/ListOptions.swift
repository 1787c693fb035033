import ArgumentParser
import FoundationEssentials
import Shared

/// How many rows to show, and how.
struct RowOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The number of rows to show, from 1 to 1000.", valueName: "count"))
    var limit: Int64 = 50

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit must be a number from 1 to 1000") }
    }
}

/// Which page of a list to show, and how.
struct ListOptions: ParsableArguments {
    @OptionGroup var rows: RowOptions

    @Option(help: ArgumentHelp("Continue after this row of the previous page.", valueName: "id"))
    var after: String?

    func validate() throws {
        guard after.map({ UUID(uuidString: $0) != nil }) ?? true else {
            throw ValidationError("--after must be an identifier (UUID)")
        }
    }

    /// The page, with one more row, which shows whether there is another page.
    var page: PageRequest { PageRequest(limit: rows.limit + 1, after: after.flatMap { UUID(uuidString: $0) }) }

    /// Prints a page, and how to see the next one.
    func show<Row: Encodable>(
        _ rows: [Row],
        id: (Row) -> String,
        empty: String,
        titles: [String],
        cells: (Row) -> [String]
    ) throws {
        let page = try text(of: rows, id: id, empty: empty, titles: titles, cells: cells)
        try StandardOutput.print(page.text)
        if let next = page.next { StandardError.print("more: --after \(next)") }
    }

    /// A page as text, and its last row if there is another page.
    func text<Row: Encodable>(
        of found: [Row],
        id: (Row) -> String,
        empty: String,
        titles: [String],
        cells: (Row) -> [String]
    ) throws -> (text: String, next: String?) {
        let shown = Array(found.prefix(Int(rows.limit)))
        let next = found.count > shown.count ? shown.last.map(id) : nil
        if rows.json { return (try JSONText.of(shown), next) }
        guard !shown.isEmpty else { return (empty, nil) }
        return (TextTable(titles: titles, rows: shown.map(cells)).description, next)
    }
}

/// A page of a long list, newest first.
struct PageRequest: Sendable {
    /// The number of rows.
    let limit: Int64
    /// The last row of the previous page; nil for the first page.
    let after: UUID?
}
