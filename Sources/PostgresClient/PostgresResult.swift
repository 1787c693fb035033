import CLibPQ

/// One libpq result; freed when the last reference is released.
@safe final class PostgresResult {
    private let handle: OpaquePointer

    /// Takes over the result.
    init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQclear(handle)
    }

    /// The status of the statement.
    var status: ExecStatusType { unsafe PQresultStatus(handle) }

    /// The number of rows.
    var rowCount: Int32 { unsafe PQntuples(handle) }

    /// The number of columns.
    var columnCount: Int32 { unsafe PQnfields(handle) }

    /// The number of rows that the command changed; 0 if it changes none.
    var affectedRows: Int {
        guard let text = unsafe PQcmdTuples(handle) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// The command's tag, for instance `COMMIT`.
    var commandTag: String {
        guard let text = unsafe PQcmdStatus(handle) else { return "" }
        return unsafe String(cString: text)
    }

    /// The object identifier of the column's type.
    func columnType(_ column: Int32) -> UInt32 { unsafe PQftype(handle, column) }

    /// The column's name.
    func columnName(_ column: Int32) -> String {
        guard let name = unsafe PQfname(handle, column) else { return "?" }
        return unsafe String(cString: name)
    }

    /// Calls `body` with the bytes of one field, which are valid during the call only; nil for NULL.
    func withField<Value>(row: Int32, column: Int32, _ body: (UnsafeRawBufferPointer) -> Value?) -> Value?? {
        guard unsafe PQgetisnull(handle, row, column) == 0 else { return .none }
        let length = unsafe Int(PQgetlength(handle, row, column))
        return .some(unsafe body(UnsafeRawBufferPointer(start: PQgetvalue(handle, row, column), count: length)))
    }

    /// One field of a statement without parameters, whose results are text; nil for NULL.
    func text(row: Int32, column: Int32) -> String? {
        unsafe withField(row: row, column: column) { unsafe String(decoding: $0, as: UTF8.self) } ?? nil
    }

    /// The error that the server or libpq reports in this result.
    func error(statement: String?) -> PostgresError {
        guard let sqlState = field(clibpq_field_sqlstate) else {
            let message = unsafe PQresultErrorMessage(handle).map { unsafe String(cString: $0) } ?? ""
            return .unavailable(.connectionLost, message, statement: statement)
        }
        return PostgresError(
            kind: .rejected,
            sqlState: sqlState,
            constraint: field(clibpq_field_constraint),
            table: field(clibpq_field_table),
            column: field(clibpq_field_column),
            statement: statement,
            detail: field(clibpq_field_message) ?? "",
            position: field(clibpq_field_position).flatMap { Int($0) },
            serverFunction: field(clibpq_field_function),
            isFatal: field(clibpq_field_severity).map { $0 == "FATAL" || $0 == "PANIC" } ?? false
        )
    }

    /// One field of an error.
    private func field(_ code: Int32) -> String? {
        guard let text = unsafe PQresultErrorField(handle, code) else { return nil }
        return unsafe String(cString: text)
    }
}
