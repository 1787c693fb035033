@testable import AuthAPI
@testable import PostgresClient

/// Statements for several tests.
enum TestStatements {
    /// The process ID of the connection's server process.
    struct BackendPID: ReadStatement {
        static let sql: StaticString = "SELECT pg_backend_pid()"
        static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
    }

    /// A setting of the connection.
    struct Setting: ReadStatement {
        static let sql: StaticString = "SELECT current_setting($1)"
        let name: String
        var parameters: [PostgresValue] { [.text(name)] }
        static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
    }

    /// Keeps the server busy for a while.
    struct Sleep: Statement {
        static let sql: StaticString = "SELECT pg_sleep($1::int8 / 1000.0)"
        let milliseconds: Int64
        var parameters: [PostgresValue] { [.int8(milliseconds)] }
    }

    /// Creates the table `notes` of the statements below.
    struct MakeNotes: Statement {
        static let sql: StaticString = """
            CREATE TABLE notes (id int4 CONSTRAINT notes_pkey PRIMARY KEY, body text NOT NULL,
                CONSTRAINT notes_body_length CHECK (char_length(body) <= 100))
            """
    }

    /// Adds a note.
    struct AddNote: Statement {
        static let sql: StaticString = "INSERT INTO notes (id, body) VALUES ($1, $2)"
        let id: Int32
        var body = "a note"
        var parameters: [PostgresValue] { [.int4(id), .text(body)] }
    }

    /// Reads all notes, whatever columns they have.
    struct AllNotes: ReadStatement {
        static let sql: StaticString = "SELECT * FROM notes ORDER BY id"
        static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
    }

    /// Counts a call, even one whose transaction is rolled back, and fails with `state` before call number `succeeds`.
    struct Flaky: Statement {
        static let sql: StaticString = "SELECT flaky($1, $2)"
        let state: String
        let succeeds: Int32
        var parameters: [PostgresValue] { [.text(state), .int4(succeeds)] }

        /// What the statement calls.
        static let function = """
            CREATE SEQUENCE calls;
            CREATE FUNCTION flaky(state text, succeeds int4) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('calls') < succeeds THEN RAISE 'not yet' USING ERRCODE = state; END IF;
            END $$;
            """
    }

    /// Holds back new audit events until the transaction ends.
    struct LockAuditTrail: Statement {
        static let sql: StaticString = "LOCK TABLE audit_events IN SHARE MODE"
    }

    /// Leaves a transaction open.
    struct Begin: Statement {
        static let sql: StaticString = "BEGIN"
    }

    /// Drops every prepared statement on the server.
    struct Discard: Statement {
        static let sql: StaticString = "DISCARD ALL"
    }
}
