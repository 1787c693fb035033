/// A statement that only reads.
///
/// Jobs that share a run or are repeated accept no other statements, so a write is never undone or executed twice
/// because of another job. A test checks the text of each.
package protocol ReadStatement: Statement {}

/// A statement that looks up many keys at once, for callers that wait at the same time.
///
/// Each row names the key that it belongs to; a key without a row has no result.
package protocol SharedRead: ReadStatement where Row == (place: Int, value: Value) {
    /// What to look up.
    associatedtype Key: Hashable & Sendable
    /// The result of a lookup.
    associatedtype Value: Sendable

    /// Looks up the keys; rows refer to their positions, from 0.
    init(_ keys: [Key])
}

/// A connection for reads only.
package struct PostgresReader {
    private let connection: PostgresConnection

    /// Wraps a connection.
    package init(_ connection: PostgresConnection) { self.connection = connection }

    /// Returns all rows; throws `PostgresError`.
    package func all<S: ReadStatement>(_ statement: S) throws -> [S.Row] { try connection.all(statement) }

    /// Returns the first row, or nil when there is none; throws `PostgresError`.
    package func first<S: ReadStatement>(_ statement: S) throws -> S.Row? { try connection.first(statement) }

    /// Returns the only row; throws `PostgresError`, including when there is none or more than one.
    package func one<S: ReadStatement>(_ statement: S) throws -> S.Row { try connection.one(statement) }
}
