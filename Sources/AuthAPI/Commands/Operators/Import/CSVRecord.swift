/// Splits records of comma-separated values (RFC 4180): quoted fields may contain commas, line breaks and doubled
/// quotes.
struct CSVRecord {
    /// Why a line is not part of a record.
    enum Fault: Error, Equatable {
        /// A double quote inside an unquoted field, or text after the closing quote.
        case strayQuote
        case notUTF8
    }

    private enum State {
        case start, plain, quoted, closed
    }

    private var fields: [String] = []
    private var field: [UInt8] = []
    private var state = State.start
    /// The size of the record so far in bytes.
    private(set) var length = 0

    /// Whether a quoted field continues on the next line.
    var isOpen: Bool { state == .quoted }

    /// Adds the next line.
    ///
    /// - Returns: the fields, if the record ends with the line.
    mutating func take(_ line: [UInt8]) throws(Fault) -> [String]? {
        if isOpen { field.append(0x0A) }
        length += line.count + 1
        for byte in line {
            switch (state, byte) {
            case (.start, UInt8(ascii: "\"")): state = .quoted
            case (.quoted, UInt8(ascii: "\"")): state = .closed
            case (.quoted, _): field.append(byte)
            case (.closed, UInt8(ascii: "\"")):
                field.append(byte)
                state = .quoted
            case (_, UInt8(ascii: ",")): try endField()
            case (.closed, _), (.plain, UInt8(ascii: "\"")): throw .strayQuote
            case (.start, _), (.plain, _):
                field.append(byte)
                state = .plain
            }
        }
        guard !isOpen else { return nil }
        try endField()
        defer { self = CSVRecord() }
        return fields
    }

    private mutating func endField() throws(Fault) {
        guard let text = String(validating: field, as: UTF8.self) else { throw .notUTF8 }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        state = .start
    }
}
