package import FoundationEssentials

/// One row of a result; read by position, with the type, NULL and length checked.
///
/// Every accessor throws `PostgresError` of kind `.decoding`, which names statement, column and type.
package struct PostgresRow {
    /// The result that the row belongs to.
    let result: PostgresResult
    /// The row's number, from 0.
    package let index: Int32
    /// The statement, for errors.
    package let statement: any Statement.Type

    /// The error for an unknown value of the right type.
    package func unknown(_ column: String) -> PostgresError {
        PostgresError(kind: .decoding, column: column, statement: statement.name, detail: "unknown name")
    }

    /// A `bool` that is not NULL.
    package func bool(_ column: Int) throws -> Bool { try required(column, .bool, optionalBool(column)) }

    /// An `int4` that is not NULL.
    package func int4(_ column: Int) throws -> Int32 { try required(column, .int4, optionalInt4(column)) }

    /// An `int8` (as `count(*)` is) that is not NULL.
    package func int8(_ column: Int) throws -> Int64 { try required(column, .int8, optionalInt8(column)) }

    /// A text that is not NULL.
    package func text(_ column: Int) throws -> String { try required(column, .text, optionalText(column)) }

    /// A `bytea` that is not NULL.
    package func bytes(_ column: Int) throws -> [UInt8] { try required(column, .bytes, optionalBytes(column)) }

    /// A `uuid` that is not NULL.
    package func uuid(_ column: Int) throws -> UUID { try required(column, .uuid, optionalUUID(column)) }

    /// A `timestamptz` that is neither NULL nor infinite.
    package func timestamp(_ column: Int) throws -> Date { try required(column, .timestamp, optionalTimestamp(column)) }

    /// A `bool`; nil for NULL.
    package func optionalBool(_ column: Int) throws -> Bool? {
        try unsafe value(column, .bool) { field in
            field.count == 1 ? unsafe field[0] != 0 : nil
        }
    }

    /// An `int4`; nil for NULL.
    package func optionalInt4(_ column: Int) throws -> Int32? {
        try unsafe value(column, .int4) { field in
            unsafe field.count == 4 ? Int32(bigEndian: field.loadUnaligned(as: Int32.self)) : nil
        }
    }

    /// An `int8`; nil for NULL.
    package func optionalInt8(_ column: Int) throws -> Int64? {
        try unsafe value(column, .int8) { field in
            unsafe field.count == 8 ? Int64(bigEndian: field.loadUnaligned(as: Int64.self)) : nil
        }
    }

    /// A text; nil for NULL.
    package func optionalText(_ column: Int) throws -> String? {
        try unsafe value(column, .text) { field in
            unsafe String(validating: field, as: UTF8.self)
        }
    }

    /// A `bytea`; nil for NULL.
    package func optionalBytes(_ column: Int) throws -> [UInt8]? {
        try unsafe value(column, .bytes) { field in
            unsafe Array(field)
        }
    }

    /// A `uuid`; nil for NULL.
    package func optionalUUID(_ column: Int) throws -> UUID? {
        try unsafe value(column, .uuid) { field in
            unsafe field.count == 16 ? UUID(uuid: field.loadUnaligned(as: uuid_t.self)) : nil
        }
    }

    /// A `timestamptz`; nil for NULL.
    package func optionalTimestamp(_ column: Int) throws -> Date? {
        try unsafe value(column, .timestamp) { field in
            guard field.count == 8 else { return nil }
            return unsafe PostgresTimestamp(Int64(bigEndian: field.loadUnaligned(as: Int64.self))).date
        }
    }

    /// Reads a field after checking that the column exists and has the type; `read` returns nil for malformed bytes.
    private func value<Value>(
        _ column: Int,
        _ type: PostgresType,
        _ read: (UnsafeRawBufferPointer) -> Value?
    ) throws -> Value? {
        let number = Int32(clamping: column)
        guard number >= 0, number < result.columnCount else {
            throw error(column, "the row has only \(result.columnCount) columns")
        }
        let found = result.columnType(number)
        guard type.reads(found) else {
            throw error(column, "expected \(type), found the type with object identifier \(found)")
        }
        switch unsafe result.withField(row: index, column: number, read) {
        case .none: return nil
        case .some(.none): throw error(column, "the bytes are not a valid \(type)")
        case .some(.some(let value)): return value
        }
    }

    /// The value, or an error for NULL.
    private func required<Value>(_ column: Int, _ type: PostgresType, _ value: Value?) throws -> Value {
        guard let value else { throw error(column, "expected \(type), found NULL") }
        return value
    }

    /// A decoding error about one column.
    private func error(_ column: Int, _ detail: String) -> PostgresError {
        let number = Int32(clamping: column)
        let name = number >= 0 && number < result.columnCount ? result.columnName(number) : "?"
        return PostgresError(
            kind: .decoding,
            column: name,
            statement: statement.name,
            detail: "column \(column): \(detail)"
        )
    }
}

/// A point in time in PostgreSQL's format: microseconds since 2000-01-01 00:00 UTC.
package struct PostgresTimestamp {
    /// The count; the extreme values mean infinity.
    package let microseconds: Int64

    /// Seconds from 2001-01-01, the reference date of `Date`, back to 2000-01-01.
    private static let offset = 31_622_400.0

    /// Stores the count.
    package init(_ microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Rounds to the microsecond; nil for dates out of PostgreSQL's range.
    package init?(_ date: Date) {
        let seconds = date.timeIntervalSinceReferenceDate
        // The range of `timestamptz` is 4713 BC to 294276 AD.
        guard seconds > -211_800_000_000, seconds < 9_223_300_000_000 else { return nil }
        let whole = seconds.rounded(.down)
        let fraction = ((seconds - whole) * 1_000_000).rounded()
        microseconds = (Int64(whole) + Int64(Self.offset)) * 1_000_000 + Int64(fraction)
    }

    /// The date; nil for infinity.
    package var date: Date? {
        guard microseconds != .max, microseconds != .min else { return nil }
        return Date(timeIntervalSinceReferenceDate: Double(microseconds) / 1_000_000 - Self.offset)
    }
}
