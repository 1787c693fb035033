import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D7: which refusals of the server ask the client to come again.
@Suite struct PostgresErrorTests {
    @Test(
        "A disk that is full, a machine in trouble, a conflict, a limit: all of them pass",
        arguments: ["53100", "53200", "53300", "58030", "40001", "40P01", "57014", "55P03", "25006", "57P03", "08006"]
    )
    func passing(state: String) {
        #expect(PostgresError(kind: .rejected, sqlState: state).isUnavailable)
    }

    @Test("A statement that is wrong stays wrong", arguments: ["23505", "22001", "42501", "42601", "XX000"])
    func staying(state: String) {
        #expect(!PostgresError(kind: .rejected, sqlState: state).isUnavailable)
    }

    @Test("W52: an operator reads the server's own words; logs and answers show neither DETAIL nor HINT")
    func words() async throws {
        struct Refusal: Statement {
            static let sql: StaticString = """
                DO $$ BEGIN
                    RAISE 'disk is full' USING DETAIL = 'row (swordfish)', HINT = 'buy another', ERRCODE = '53100';
                END $$
                """
        }
        try await TestDatabase.with(migrated: false) { database in
            let error = try await #require(throws: PostgresError.self) {
                _ = try await database.pool.withConnection { try $0.run(Refusal()) }
            }
            let text = "disk is full (SQLSTATE 53100)\nDETAIL: row (swordfish)\nHINT: buy another"
            #expect(error.operatorText == text)
            for shown in ["\(error)", String(reflecting: error)] {
                #expect(!shown.contains("swordfish") && !shown.contains("another"))
            }
        }
    }
}
