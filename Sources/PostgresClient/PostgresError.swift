/// A failure of a database operation.
///
/// The description is a fixed text, so that an error in a log line or a response reveals nothing; `String(reflecting:)`
/// has the details. Neither contains a parameter, a row or a password.
package struct PostgresError: Error, Sendable {
    /// The kinds of failure.
    package enum Kind: Sendable, Equatable {
        /// The server rejected the statement; `sqlState` is the reason.
        case rejected
        /// There was no response: the statement may have been executed, or was never sent.
        case unavailable(Unavailability)
        /// A row does not have the expected shape.
        case decoding
        /// A programming error in the use of the database.
        case misuse
    }

    /// Why there was no response.
    package enum Unavailability: Sendable, Equatable {
        /// No connection could be made.
        case notConnected
        /// The server rejects the connection, and retrying cannot help: role, password or database are wrong.
        case refused
        /// The connection broke; the statement may have been executed.
        case connectionLost
        /// Every worker is busy and the queue is full.
        case queueFull
        /// No worker was free within the waiting time.
        case waitedTooLong
        /// The server did not respond within the time for one job.
        case noResponse
        /// The pool is shutting down.
        case closed
    }

    /// The kind of failure.
    package let kind: Kind
    /// The server's five-character code, if it responded.
    package var sqlState: String?
    /// The constraint that was violated.
    package var constraint: String?
    /// The table concerned.
    package var table: String?
    /// The column concerned.
    package var column: String?
    /// The name of the statement type.
    package var statement: String?
    /// One sentence for the log: the server's primary message or ours; never with a parameter.
    package var detail: String = ""
    /// The position of the error in the statement, in characters from 1.
    package var position: Int?
    /// The server function that raised the error; unlike the message, it is never translated.
    package var serverFunction: String?
    /// Whether the server ended the connection with this error.
    package var isFatal = false

    /// Creates an error for a missing response.
    package static func unavailable(_ reason: Unavailability, _ detail: String = "", statement: String? = nil)
        -> PostgresError
    {
        PostgresError(kind: .unavailable(reason), statement: statement, detail: detail)
    }

    /// Whether the connection broke while the statement was running.
    package var isConnectionLost: Bool {
        if kind == .unavailable(.connectionLost) { return true }
        guard let sqlState else { return false }
        return isFatal || sqlState.hasPrefix("08") || sqlState.hasPrefix("57P")
    }

    /// Whether retrying later may help: the response to the client is 503.
    ///
    /// True for a missing connection, exhausted resources (class 53), system errors of the server (class 58), conflicts
    /// with other transactions (class 40), timeouts (57014, 55P03), a server that became read-only (25006), and a
    /// schema that does not exist yet (42P01, 42703, 42883).
    package var isUnavailable: Bool {
        if case .unavailable = kind { return true }
        guard let sqlState else { return false }
        if isConnectionLost || ["40", "53", "58"].contains(sqlState.prefix(2)) { return true }
        return ["57014", "55P03", "25006", "42P01", "42703", "42883"].contains(sqlState)
    }

    /// Whether the database does not match the statements, which only an operator can fix.
    ///
    /// True for every permanent error of the server, except those of invalid statements and values: a privilege, table,
    /// column or index is missing or has changed; a sequence or an index is full or damaged; a pooler mixes up prepared
    /// statements; or a column, constraint, trigger, rule, view or foreign table of another program rejects the row,
    /// for which a trigger can raise almost any error. True as well for a row of another shape.
    package var isUnusableDatabase: Bool {
        if kind == .decoding { return true }
        guard kind == .rejected, let sqlState, !isConnectionLost else { return false }
        let isTemporary =
            ["40", "53", "58"].contains(sqlState.prefix(2)) || ["25006", "55P03", "57014"].contains(sqlState)
        // An invalid text, a syntax error, a transaction left open or failed, an unspecific error.
        return !isTemporary && !["22021", "42601", "25001", "25P01", "25P02", "XX000"].contains(sqlState)
    }

    /// Whether the same transaction may succeed if it is repeated (40001, 40P01).
    package var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// Whether the connection must not be used again.
    package var endsConnection: Bool {
        switch kind {
        case .unavailable(.connectionLost), .unavailable(.noResponse): true
        default: isConnectionLost || sqlState == "25006"
        }
    }

    /// Whether a prepared statement no longer exists on the server, or is no longer accepted.
    package var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && serverFunction == "RevalidateCachedQuery")
    }

    /// Whether a unique, check or foreign-key constraint of this name was violated.
    package func violates(_ name: String) -> Bool {
        constraint == name && sqlState?.hasPrefix("23") == true
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// A fixed text.
    package var description: String { "A database operation failed." }

    /// Kind, code, names of statement, table, column and constraint, and the server's primary message.
    package var debugDescription: String {
        var parts = ["\(kind)"]
        if let statement { parts.append("statement \(statement)") }
        if let sqlState { parts.append("SQLSTATE \(sqlState)") }
        if let constraint { parts.append("constraint \(constraint)") }
        if let table { parts.append("table \(table)") }
        if let column { parts.append("column \(column)") }
        if !detail.isEmpty { parts.append(detail) }
        return "PostgresError(" + parts.joined(separator: ", ") + ")"
    }
}
