/// One SQL statement with its parameters and the shape of its rows.
///
/// The text is a `StaticString`, so no value can ever become part of it.
///
/// ```swift
/// struct FindName: Statement {
///     static let sql: StaticString = "SELECT name FROM users WHERE id = $1"
///     let id: UUID
///     var parameters: [PostgresValue] { [.uuid(id)] }
///     static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
/// }
/// ```
package protocol Statement: Sendable {
    /// The decoded row; `Void` for statements that return none.
    associatedtype Row: Sendable = Void

    /// The name of the statement in errors.
    static var name: String { get }
    /// The text, with `$1`, `$2` … in the order of `parameters`.
    static var sql: StaticString { get }
    /// The values; their types must be the same for every instance of this statement.
    var parameters: [PostgresValue] { get }
    /// Decodes one row; throws `PostgresError` when a column does not have the expected type.
    static func decode(_ row: PostgresRow) throws -> Row
}

extension Statement {
    /// The type's own name.
    package static var name: String { String(describing: Self.self) }

    /// No parameters.
    package var parameters: [PostgresValue] { [] }
}

extension Statement where Row == Void {
    /// Reads nothing.
    package static func decode(_ row: PostgresRow) throws {}
}
