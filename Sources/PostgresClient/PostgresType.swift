/// The PostgreSQL types that statements send and read, with their object identifiers in `pg_type`.
package enum PostgresType: UInt32, Sendable {
    case bool = 16
    case bytes = 17
    case int8 = 20
    case int4 = 23
    case text = 25
    case timestamp = 1184
    case uuid = 2950
    case bytesArray = 1001

    /// The object identifiers of columns that can be read as this type.
    package func reads(_ column: UInt32) -> Bool {
        // `varchar`, `bpchar` and `name` have the same format as `text`.
        column == rawValue || (self == .text && (column == 1043 || column == 1042 || column == 19))
    }
}
