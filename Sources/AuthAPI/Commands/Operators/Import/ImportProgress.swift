import Glibc
import Shared

/// Tells on standard error how far an import is: a bar at a terminal, else a line for each tenth.
struct ImportProgress {
    private let total: Int?
    private let isTerminal: Bool
    private var shown = -1

    /// Takes the bytes of the file; nil where they are not known.
    init(total: Int?, isTerminal: Bool) {
        self.total = total
        self.isTerminal = isTerminal
    }

    /// The bytes of a regular file; nil for anything else.
    static func size(of path: String) -> Int? {
        var status = stat()
        let isFile = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        return isFile && status.st_size > 0 ? Int(status.st_size) : nil
    }

    /// What to show after so many rows and bytes; nil when it is what was shown last.
    mutating func update(rows: Int, bytes: Int) -> String? {
        let percent = total.map { min(100, bytes * 100 / $0) }
        // Without the size of the file the rows are all that there is to tell.
        let step = isTerminal ? percent ?? rows : (percent.map { $0 / 10 } ?? rows / 10_000)
        guard step != shown else { return nil }
        shown = step
        guard let percent else { return isTerminal ? "\r\(rows) rows" : "\(rows) rows" }
        guard isTerminal else { return "\(percent) %, \(rows) rows" }
        let bar = String(repeating: "#", count: percent / 5) + String(repeating: " ", count: 20 - percent / 5)
        return "\r[\(bar)] \(percent) %  \(rows) rows"
    }

    /// Shows it.
    mutating func show(rows: Int, bytes: Int) {
        guard let text = update(rows: rows, bytes: bytes) else { return }
        if isTerminal { StandardError.write(text) } else { StandardError.print(text) }
    }

    /// Ends the bar's line.
    func end() {
        if isTerminal, shown >= 0 { StandardError.print("") }
    }
}
