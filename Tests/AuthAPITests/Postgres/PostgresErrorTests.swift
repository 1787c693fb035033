import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D7: The errors after which clients should retry.
@Suite struct PostgresErrorTests {
    @Test(
        "A full disk, a system error, a conflict and a timeout are temporary",
        arguments: ["53100", "53200", "53300", "58030", "40001", "40P01", "57014", "55P03", "25006", "57P03", "08006"]
    )
    func temporary(state: String) {
        #expect(PostgresError(kind: .rejected, sqlState: state).isUnavailable)
    }

    @Test("A wrong statement is a permanent error", arguments: ["23505", "22001", "42501", "42601", "XX000"])
    func permanent(state: String) {
        #expect(!PostgresError(kind: .rejected, sqlState: state).isUnavailable)
    }

    @Test(
        "W52 Errors that other changes to the database cause are not request errors",
        arguments: [
            "42501", "42P01", "23502", "23505", "23514", "23P01", "22001", "P0001", "38000", "39000", "XX002",
            // A rule, a view's check option, a foreign table, a long value in an index, a full sequence.
            "0A000", "44000", "HV00N", "54000", "2200H",
            // A trigger without RETURN, CASE without ELSE, a division by zero, an overflow, a text that is no number.
            "2F005", "20000", "21000", "22012", "22003", "22P02", "22023", "2D000", "55006",
        ]
    )
    func changedDatabase(state: String) {
        #expect(PostgresError(kind: .rejected, sqlState: state).isUnusableDatabase)
    }

    @Test("W52 Invalid statements and values are request errors", arguments: ["42601", "22021", "25P02", "XX000"])
    func wrongStatement(state: String) {
        #expect(!PostgresError(kind: .rejected, sqlState: state).isUnusableDatabase)
    }

    @Test("W52: A temporary error does not mean that the database is unusable", arguments: ["40001", "53100", "57014"])
    func notUnusable(state: String) {
        #expect(!PostgresError(kind: .rejected, sqlState: state).isUnusableDatabase)
    }

    @Test("W52: Operators get the server's message; logs and responses show neither DETAIL nor HINT")
    func words() async throws {
        struct Rejection: Statement {
            static let sql: StaticString = """
                DO $$ BEGIN
                    RAISE 'disk is full' USING DETAIL = 'row (swordfish)', HINT = 'buy another', ERRCODE = '53100';
                END $$
                """
        }
        try await TestDatabase.with(migrated: false) { database in
            let error = try await #require(throws: PostgresError.self) {
                _ = try await database.pool.withConnection { try $0.run(Rejection()) }
            }
            #expect(error.detail == "disk is full" && error.sqlState == "53100")
            for shown in ["\(error)", String(reflecting: error)] {
                #expect(!shown.contains("swordfish") && !shown.contains("another"))
            }
        }
    }
}
