import Testing

@testable import AuthAPI
@testable import PostgresClient

/// Statements and transactions on a connection.
@Suite struct PostgresConnectionTests {
    private typealias S = TestStatements

    @Test func allFirstOneRun() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { db in
                try db.run(S.MakeNotes())
                #expect(try db.all(S.AllNotes()) == [])
                #expect(try db.first(S.AllNotes()) == nil)
                #expect(try db.run(S.AddNote(id: 1)) == 1)
                #expect(try db.one(S.AllNotes()) == 1)
                try db.run(S.AddNote(id: 2))
                #expect(try db.all(S.AllNotes()) == [1, 2])
                #expect(try db.first(S.AllNotes()) == 1)
                let error = #expect(throws: PostgresError.self) { try db.one(S.AllNotes()) }
                #expect(error?.kind == .decoding)
            }
        }
    }

    /// Stores recognize a violation by the constraint's name; no text of the error shows the values.
    @Test func constraintErrors() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let errors = try await database.pool.withConnection { db in
                try db.run(S.MakeNotes())
                try db.run(S.AddNote(id: 7))
                let long = String(repeating: "swordfish", count: 20)
                return [S.AddNote(id: 7, body: "swordfish"), S.AddNote(id: 8, body: long)].map { statement in
                    #expect(throws: PostgresError.self) { try db.run(statement) }
                }
            }
            let taken = try #require(errors[0])
            #expect(taken.sqlState == "23505" && taken.table == "notes" && taken.statement == "AddNote")
            #expect(taken.violates("notes_pkey") && !taken.violates("notes_body_length"))
            #expect(!taken.isUnavailable && !taken.isRetryable && !taken.isConnectionLost)
            let long = try #require(errors[1])
            #expect(long.sqlState == "23514" && long.violates("notes_body_length"))
            for error in [taken, long] {
                #expect("\(error)" == "A database operation failed.")
                #expect(String(reflecting: error).contains("notes_"))
                #expect(!String(reflecting: error).contains("swordfish"))
            }
        }
    }

    /// A missing table means that the schema does not exist yet: retry later.
    @Test func missingSchemaIsUnavailable() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let error = await #expect(throws: PostgresError.self) {
                _ = try await database.pool.withConnection { try $0.all(S.AllNotes()) }
            }
            #expect(error?.sqlState == "42P01" && error?.isUnavailable == true)
            try await database.pool.ping()
        }
    }

    @Test func transactionCommitsOrRollsBack() async throws {
        struct Rejection: Error {}
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.transaction { db in
                try db.run(S.MakeNotes())
                try db.run(S.AddNote(id: 1))
            }
            await #expect(throws: Rejection.self) {
                try await database.pool.transaction { db in
                    try db.run(S.AddNote(id: 2))
                    throw Rejection()
                }
            }
            await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { db in
                    try db.run(S.AddNote(id: 3))
                    try db.run(S.AddNote(id: 1))
                }
            }
            #expect(try await database.pool.withConnection { try $0.all(S.AllNotes()) } == [1])
        }
    }

    /// PostgreSQL then responds to COMMIT with ROLLBACK, which must not count as success.
    @Test func ignoredFailureInTransactionIsAnError() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { _ = try $0.run(S.MakeNotes()) }
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { db in
                    try db.run(S.AddNote(id: 1))
                    _ = try? db.run(S.AddNote(id: 1))
                }
            }
            #expect(error?.kind == .misuse)
            #expect(try await database.pool.withConnection { try $0.all(S.AllNotes()) } == [])
        }
    }

    /// With `retrying`, the transaction is repeated after serialization failures and deadlocks, up to three times.
    @Test(arguments: ["40001", "40P01"])
    func retrying(state: String) async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.sql(S.Flaky.function)
            try await database.pool.transaction(retrying: true) { _ = try $0.run(S.Flaky(state: state, succeeds: 3)) }
            #expect(try await database.sql("SELECT last_value FROM calls") == "3")

            try await database.sql("ALTER SEQUENCE calls RESTART")
            let always = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction(retrying: true) { db in
                    _ = try db.run(S.Flaky(state: state, succeeds: 100))
                }
            }
            #expect(always?.sqlState == state)
            #expect(try await database.sql("SELECT last_value FROM calls") == "3")

            try await database.sql("ALTER SEQUENCE calls RESTART")
            let once = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { _ = try $0.run(S.Flaky(state: state, succeeds: 3)) }
            }
            #expect(once?.isRetryable == true)
            #expect(try await database.sql("SELECT last_value FROM calls") == "1")
        }
    }

    /// A transaction left open is an error, is not committed, and its connection is not used again.
    @Test func leakedTransaction() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { _ = try $0.run(S.MakeNotes()) }
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.withConnection { db in
                    try db.run(S.Begin())
                    try db.run(S.AddNote(id: 1))
                }
            }
            #expect(error?.kind == .misuse)
            #expect(try await database.pool.withConnection { try $0.all(S.AllNotes()) } == [])
            try await database.pool.transaction { _ = try $0.run(S.AddNote(id: 1)) }
        }
    }

    /// Prepared statements that the server dropped, or whose tables changed, are prepared again transparently.
    @Test func stalePlansAreReplaced() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { db in
                try db.run(S.MakeNotes())
                try db.run(S.AddNote(id: 1))
                #expect(try db.all(S.AllNotes()) == [1])
                try db.run(S.Discard())
                #expect(try db.all(S.AllNotes()) == [1])
                try db.run(S.AddNote(id: 2))
            }
            try await database.sql("ALTER TABLE notes ADD COLUMN more text")
            for _ in 0..<4 {
                #expect(try await database.pool.withConnection { try $0.all(S.AllNotes()) } == [1, 2])
            }
        }
    }

    /// Inside a transaction, a failed statement aborts it, so the transaction is repeated once.
    @Test func stalePlanInTransactionBeginsAgain() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let found = try await database.pool.withConnection { db in
                try db.run(S.MakeNotes())
                _ = try db.all(S.AllNotes())
                try db.run(S.AddNote(id: 1))
                try db.run(S.Discard())
                return try db.transaction(retrying: false) { db in
                    _ = try db.all(S.AllNotes())
                    try db.run(S.AddNote(id: 2))
                    return try db.all(S.AllNotes())
                }
            }
            #expect(found == [1, 2])
        }
    }

    /// A statement whose parameter types change is rejected.
    @Test func rejectsChangedParameterTypes() async throws {
        struct Either: Statement {
            static let sql: StaticString = "SELECT $1 IS NULL"
            let value: PostgresValue
            var parameters: [PostgresValue] { [value] }
            static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
        }
        try await TestDatabase.with(migrated: false) { database in
            try await database.pool.withConnection { db in
                let values = [try db.one(Either(value: .int4(1))), try db.one(Either(value: .null(.int4)))]
                #expect(values == [false, true])
                let error = #expect(throws: PostgresError.self) { try db.one(Either(value: .nullText)) }
                #expect(error?.kind == .misuse)
            }
        }
    }

    /// Two statement types of one name are two statements.
    @Test func statementsWithTheSameNameAreSeparate() async throws {
        enum First {
            struct Find: Statement {
                static let sql: StaticString = "SELECT 1"
                static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
            }
        }
        enum Second {
            struct Find: Statement {
                static let sql: StaticString = "SELECT 2"
                static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
            }
        }
        try await TestDatabase.with(migrated: false) { database in
            let found = try await database.pool.withConnection {
                [try $0.one(First.Find()), try $0.one(Second.Find())]
            }
            #expect(found == [1, 2])
        }
    }
}
