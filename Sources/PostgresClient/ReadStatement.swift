/// A statement that only reads.
///
/// What runs beside others, or is repeated without asking, takes nothing else, so a statement that writes can never be
/// undone, or done twice, because of a neighbour. A test reads the text of every one.
package protocol ReadStatement: Statement {}

/// A question that many ask at the same time, answered for all of them by one statement.
///
/// The rows say for which of the keys they are; a key without a row has no answer.
package protocol SharedRead: ReadStatement where Row == (place: Int, answer: Answer) {
    /// What is asked about.
    associatedtype Key: Hashable & Sendable
    /// What is known of it.
    associatedtype Answer: Sendable

    /// Asks about each of the keys, by their places from 0.
    init(_ keys: [Key])
}

/// A connection for those who only read.
package struct PostgresReader {
    private let connection: PostgresConnection

    /// Lends a connection out.
    package init(_ connection: PostgresConnection) { self.connection = connection }

    /// Gives all rows; throws `PostgresError`.
    package func all<S: ReadStatement>(_ statement: S) throws -> [S.Row] { try connection.all(statement) }

    /// Gives the first row, or nil when there is none; throws `PostgresError`.
    package func first<S: ReadStatement>(_ statement: S) throws -> S.Row? { try connection.first(statement) }

    /// Gives the only row; throws `PostgresError`, also when there is none or more than one.
    package func one<S: ReadStatement>(_ statement: S) throws -> S.Row { try connection.one(statement) }
}
