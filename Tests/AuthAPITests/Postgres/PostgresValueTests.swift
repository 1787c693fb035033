import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// Round trips of every type of value through a real server.
@Suite struct PostgresValueTests {
    /// One value of each type, echoed.
    private struct Echo: Statement {
        struct Row: Sendable, Equatable {
            var bool: Bool?
            var int4: Int32?
            var int8: Int64?
            var text: String?
            var bytes: [UInt8]?
            var uuid: UUID?
            var time: Date?
        }
        static let sql: StaticString = "SELECT $1, $2, $3, $4, $5, $6, $7"
        let row: Row
        var parameters: [PostgresValue] {
            [
                row.bool.map { .bool($0) } ?? .null(.bool), row.int4.map { .int4($0) } ?? .null(.int4),
                row.int8.map { .int8($0) } ?? .null(.int8), .text(orNull: row.text), .bytes(orNull: row.bytes),
                .uuid(orNull: row.uuid), .timestamp(orNull: row.time),
            ]
        }
        static func decode(_ row: PostgresRow) throws -> Row {
            Row(
                bool: try row.optionalBool(0),
                int4: try row.optionalInt4(1),
                int8: try row.optionalInt8(2),
                text: try row.optionalText(3),
                bytes: try row.optionalBytes(4),
                uuid: try row.optionalUUID(5),
                time: try row.optionalTimestamp(6)
            )
        }
    }

    private static let rows: [Echo.Row] = [
        Echo.Row(),
        Echo.Row(
            bool: false,
            int4: 0,
            int8: 0,
            text: "",
            bytes: [],
            uuid: UUID(),
            time: Date(timeIntervalSince1970: 0)
        ),
        Echo.Row(
            bool: true,
            int4: .min,
            int8: .min,
            text: "naïve 日本語 👩‍👩‍👧 '; DROP TABLE users; --",
            bytes: Array(0...255),
            uuid: UUID(uuidString: "00112233-4455-6677-8899-AABBCCDDEEFF"),
            time: Date(timeIntervalSince1970: -86_400.5)
        ),
        Echo.Row(
            bool: nil,
            int4: .max,
            int8: .max,
            text: String(repeating: "é", count: 500_000),
            bytes: [UInt8](repeating: 0, count: 3_000_000),
            uuid: nil,
            time: Date(timeIntervalSinceReferenceDate: 812_345_678.123456)
        ),
    ]

    @Test func valuesReturnUnchanged() async throws {
        try await TestDatabase.with(migrated: false) { database in
            for row in Self.rows {
                let echo = try await database.pool.withConnection { try $0.one(Echo(row: row)) }
                var expected = row
                if let time = row.time, let found = echo.time {
                    #expect(abs(found.timeIntervalSince(time)) < 0.000_000_5)
                    expected.time = found
                }
                #expect(echo == expected)
            }
        }
    }

    /// The server has the same text for a time.
    @Test(arguments: [
        (0.0, "1970-01-01 00:00:00.000000"), (-1.5, "1969-12-31 23:59:58.500000"),
        (-2_208_988_800, "1900-01-01 00:00:00.000000"), (951_782_399.999999, "2000-02-28 23:59:59.999999"),
        (253_402_300_799, "9999-12-31 23:59:59.000000"),
    ])
    func timesMeanTheSameToTheServer(seconds: Double, text: String) async throws {
        struct Format: Statement {
            static let sql: StaticString = "SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
            let date: Date
            var parameters: [PostgresValue] { [.timestamp(date)] }
            static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
        }
        try await TestDatabase.with(migrated: false) { database in
            let date = Date(timeIntervalSince1970: seconds)
            let found = try await database.pool.withConnection { try $0.one(Format(date: date)) }
            #expect(found == text)
        }
    }

    @Test func rejectsTimesOutOfRange() {
        for seconds in [Double.nan, .infinity, -.infinity, 1e18, -1e18] {
            #expect(PostgresTimestamp(Date(timeIntervalSinceReferenceDate: seconds)) == nil)
        }
        #expect(PostgresTimestamp(.max).date == nil)
        #expect(PostgresTimestamp(.min).date == nil)
    }

    @Test func descriptionsShowNoValue() {
        #expect("\(PostgresValue.text("secret")) \(String(reflecting: PostgresValue.bytes([1, 2])))" == "text bytes")
    }

    /// Statements with unexpected rows, and the expected errors.
    @Test func decodingErrorsNameStatementColumnAndType() async throws {
        struct NullText: Statement {
            static let sql: StaticString = "SELECT NULL::text AS email"
            static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
        }
        struct WrongType: Statement {
            static let sql: StaticString = "SELECT 1::int8 AS total"
            static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
        }
        struct NoColumn: Statement {
            static let sql: StaticString = "SELECT true"
            static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(1) }
        }
        struct Infinite: Statement {
            static let sql: StaticString = "SELECT 'infinity'::timestamptz AS ends"
            static func decode(_ row: PostgresRow) throws -> Date { try row.timestamp(0) }
        }
        struct NoRow: Statement {
            static let sql: StaticString = "SELECT true WHERE false"
            static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
        }
        try await TestDatabase.with(migrated: false) { database in
            let null = try await message(NullText(), database.pool)
            #expect(null.contains("NullText") && null.contains("email") && null.contains("expected text, found NULL"))
            let type = try await message(WrongType(), database.pool)
            #expect(type.contains("WrongType") && type.contains("total") && type.contains("expected int4"))
            #expect(try await message(NoColumn(), database.pool).contains("only 1 column"))
            #expect(try await message(Infinite(), database.pool).contains("not a valid timestamp"))
            #expect(try await message(NoRow(), database.pool).contains("expected one row, got 0"))
            // The connection is as good as before.
            try await database.pool.ping()
        }
    }

    /// The detail of the error of reading the statement's only row.
    private func message<S: Statement>(_ statement: S, _ pool: PostgresPool) async throws -> String {
        let result: Result<S.Row, any Error>
        do { result = .success(try await pool.withConnection { db in try db.one(statement) }) } catch {
            result = .failure(error)
        }
        let error = try #require(throws: PostgresError.self) { try result.get() }
        #expect(error.kind == .decoding)
        return String(reflecting: error)
    }
}
