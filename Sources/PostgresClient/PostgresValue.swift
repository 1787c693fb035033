package import FoundationEssentials

/// One parameter of a statement.
///
/// NULL has a type, so that the prepared types do not depend on the values.
package enum PostgresValue: Sendable, Equatable {
    case null(PostgresType)
    case bool(Bool)
    case int4(Int32)
    case int8(Int64)
    case text(String)
    case bytes([UInt8])
    case uuid(UUID)
    /// `timestamptz`, to the microsecond.
    case timestamp(Date)
    /// `bytea[]`; nil means NULL.
    case bytesArray([[UInt8]?])

    /// NULL of type `text`.
    package static let nullText = PostgresValue.null(.text)
    /// NULL of type `bytea`.
    package static let nullBytes = PostgresValue.null(.bytes)
    /// NULL of type `timestamptz`.
    package static let nullTimestamp = PostgresValue.null(.timestamp)
    /// NULL of type `uuid`.
    package static let nullUUID = PostgresValue.null(.uuid)

    /// A text, or NULL.
    package static func text(orNull value: String?) -> PostgresValue {
        if let value { .text(value) } else { .nullText }
    }

    /// Bytes, or NULL.
    package static func bytes(orNull value: [UInt8]?) -> PostgresValue {
        if let value { .bytes(value) } else { .nullBytes }
    }

    /// A time, or NULL.
    package static func timestamp(orNull value: Date?) -> PostgresValue {
        if let value { .timestamp(value) } else { .nullTimestamp }
    }

    /// An identifier, or NULL.
    package static func uuid(orNull value: UUID?) -> PostgresValue {
        if let value { .uuid(value) } else { .nullUUID }
    }

    /// The PostgreSQL type.
    package var type: PostgresType {
        switch self {
        case .null(let type): type
        case .bool: .bool
        case .int4: .int4
        case .int8: .int8
        case .text: .text
        case .bytes: .bytes
        case .uuid: .uuid
        case .timestamp: .timestamp
        case .bytesArray: .bytesArray
        }
    }
}

extension PostgresValue: CustomStringConvertible, CustomDebugStringConvertible {
    /// Only the type: values are password hashes, tokens and addresses.
    package var description: String { "\(type)" }

    /// Only the type, as in `description`.
    package var debugDescription: String { description }
}
