/// The formats of a file of users.
enum ImportFormat: String, CaseIterable, Sendable {
    /// Comma-separated values with a header.
    case csv
    /// One JSON object per line.
    case jsonl

    /// The format by the file name; nil when it is unknown.
    init?(fileName: String) {
        let name = fileName.lowercased()
        if name.hasSuffix(".csv") {
            self = .csv
        } else if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
            self = .jsonl
        } else {
            return nil
        }
    }
}

/// Reads users from a file.
struct ImportReader {
    /// The next entry of a file.
    enum Entry {
        case row(ImportRow)
        case fault(ImportRow.Fault)
    }

    private let source: ImportSource
    private let format: ImportFormat
    private var header: [ImportRow.Field] = []
    private var record = CSVRecord()
    /// The number of the last line read, from 1.
    private(set) var line = 0
    /// The number of bytes read.
    private(set) var bytes = 0

    /// Opens a file; reads the header of CSV.
    ///
    /// - Throws: ``ImportSource/Unreadable`` or ``ImportRow/Fault``.
    init(path: String, format: ImportFormat) throws {
        source = try ImportSource(path: path)
        self.format = format
        guard format == .csv else { return }
        guard let first = try nextLine() else { throw ImportRow.Fault("the file is empty") }
        do {
            guard let names = try record.take(first) else { throw CSVRecord.Fault.strayQuote }
            header = try ImportRow.header(names)
        } catch let error as CSVRecord.Fault {
            throw Self.fault(error)
        }
    }

    /// The next row and the number of its first line; nil at the end of the file.
    ///
    /// Empty lines are skipped.
    mutating func next() throws -> (line: Int, entry: Entry)? {
        while let text = try nextLine() {
            let start = line
            if text.isEmpty { continue }
            do {
                return (start, .row(try row(text)))
            } catch let fault as ImportRow.Fault {
                record = CSVRecord()
                return (start, .fault(fault))
            }
        }
        return nil
    }

    private mutating func row(_ text: [UInt8]) throws -> ImportRow {
        guard text.count <= ImportSource.maximumLineLength else { throw Self.tooLong }
        if format == .jsonl { return try ImportRow(json: text) }
        do {
            var fields = try record.take(text)
            while fields == nil {
                guard record.length <= ImportSource.maximumLineLength else { throw Self.tooLong }
                guard let more = try nextLine() else { throw ImportRow.Fault("a double quote is not closed") }
                fields = try record.take(more)
            }
            return try ImportRow(fields ?? [], header: header)
        } catch let error as CSVRecord.Fault {
            throw Self.fault(error)
        }
    }

    private mutating func nextLine() throws -> [UInt8]? {
        guard var text = try source.nextLine() else { return nil }
        line += 1
        bytes += text.count + 1
        // Spreadsheets write a byte order mark.
        if line == 1, text.starts(with: "\u{FEFF}".utf8) { text.removeFirst(3) }
        return text
    }

    private static let tooLong = ImportRow.Fault("the row has more than \(ImportSource.maximumLineLength) bytes")

    private static func fault(_ fault: CSVRecord.Fault) -> ImportRow.Fault {
        switch fault {
        case .strayQuote: ImportRow.Fault("a double quote is not allowed here: write it twice, inside a quoted field")
        case .notUTF8: ImportRow.Fault("the row is not text in UTF-8")
        }
    }
}
