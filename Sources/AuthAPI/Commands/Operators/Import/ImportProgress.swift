import Glibc
import Shared

/// Shows the progress of an import on standard error: a bar on a terminal, otherwise a line for each tenth.
struct ImportProgress {
    private let total: Int?
    private let isTerminal: Bool
    private var shown = -1

    /// Creates a display; the size of the file is nil if unknown.
    init(total: Int?, isTerminal: Bool) {
        self.total = total
        self.isTerminal = isTerminal
    }

    /// The size of a regular file; nil for anything else.
    static func size(of path: String) -> Int? {
        var status = stat()
        let isFile = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        return isFile && status.st_size > 0 ? Int(status.st_size) : nil
    }

    /// The text after that many rows and bytes; nil when it has not changed.
    mutating func update(rows: Int, bytes: Int) -> String? {
        let percent = total.map { min(100, bytes * 100 / $0) }
        // Without the size of the file, only the number of rows is known.
        let step = isTerminal ? percent ?? rows : (percent.map { $0 / 10 } ?? rows / 10_000)
        guard step != shown else { return nil }
        shown = step
        guard let percent else { return isTerminal ? "\r\(rows) rows" : "\(rows) rows" }
        guard isTerminal else { return "\(percent) %, \(rows) rows" }
        let bar = String(repeating: "#", count: percent / 5) + String(repeating: " ", count: 20 - percent / 5)
        return "\r[\(bar)] \(percent) %  \(rows) rows"
    }

    /// Shows the progress.
    mutating func show(rows: Int, bytes: Int) {
        guard let text = update(rows: rows, bytes: bytes) else { return }
        if isTerminal { StandardError.write(text) } else { StandardError.print(text) }
    }

    /// Ends the bar's line.
    func end() {
        if isTerminal, shown >= 0 { StandardError.print("") }
    }
}
