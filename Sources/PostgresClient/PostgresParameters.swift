import FoundationEssentials

/// The values of one statement in PostgreSQL's binary format, in a buffer that is reused.
struct PostgresParameters {
    /// All values, plus one byte so that even an empty value has an address.
    private(set) var bytes: [UInt8] = []
    /// The position of each value; a negative length means NULL.
    private(set) var places: [(offset: Int, length: Int)] = []

    /// Reserves space for typical statements once.
    init() {
        bytes.reserveCapacity(1024)
        places.reserveCapacity(16)
    }

    /// Replaces the contents; throws `PostgresError` for a date out of PostgreSQL's range.
    mutating func encode(_ values: [PostgresValue], statement: String) throws(PostgresError) {
        // A huge value must not keep its memory for the lifetime of the connection.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 65536)
        places.removeAll(keepingCapacity: true)
        for value in values {
            let offset = bytes.count
            switch value {
            case .null:
                places.append((offset: offset, length: -1))
                continue
            case .bool(let value): bytes.append(value ? 1 : 0)
            case .int4(let value): append(UInt64(UInt32(bitPattern: value)), count: 4)
            case .int8(let value): append(UInt64(bitPattern: value), count: 8)
            case .text(let value): bytes.append(contentsOf: value.utf8)
            case .bytes(let value): bytes.append(contentsOf: value)
            case .uuid(let value): append(value)
            case .timestamp(let date):
                guard let timestamp = PostgresTimestamp(date) else {
                    throw PostgresError(kind: .misuse, statement: statement, detail: "a date is out of range")
                }
                append(UInt64(bitPattern: timestamp.microseconds), count: 8)
            case .bytesArray(let values): append(values)
            }
            places.append((offset: offset, length: bytes.count - offset))
        }
        bytes.append(0)
    }

    /// Appends the lowest `count` bytes, the most significant first.
    private mutating func append(_ value: UInt64, count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    /// Appends a one-dimensional array with lower bound 1.
    private mutating func append(_ values: [[UInt8]?]) {
        append(values.isEmpty ? 0 : 1, count: 4)
        append(values.contains { $0 == nil } ? 1 : 0, count: 4)
        append(UInt64(PostgresType.bytes.rawValue), count: 4)
        guard !values.isEmpty else { return }
        append(UInt64(values.count), count: 4)
        append(1, count: 4)
        for value in values {
            // A length of -1 means NULL.
            append(UInt64(UInt32(bitPattern: value.map { Int32(clamping: $0.count) } ?? -1)), count: 4)
            if let value { bytes.append(contentsOf: value) }
        }
    }

    /// Appends the 16 bytes of an identifier.
    private mutating func append(_ value: UUID) {
        unsafe withUnsafeBytes(of: value.uuid) { unsafe bytes.append(contentsOf: $0) }
    }
}
