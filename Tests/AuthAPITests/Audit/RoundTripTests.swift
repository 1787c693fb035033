import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// The cost of rate limits and the audit trail: the round trips to the database of each request.
@Suite struct RoundTripTests {
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let wrong = ["email": "ada@example.com", "password": "Wrong-Horse-7"]

    /// The executed statements in the server's log, by the names of prepared statements.
    private static func statements(_ server: TestPostgres) throws -> [String] {
        let log = try String(contentsOf: server.directory.appending(path: "log"), encoding: .utf8)
        return log.split(separator: "\n").compactMap { line in
            if let match = line.firstMatch(of: /execute \d+_(\w+):/) { return String(match.1) }
            return line.firstMatch(of: /statement: (BEGIN|COMMIT|ROLLBACK)/).map { String($0.1) }
        }
    }

    @Test("A17 Requests use the minimum of round trips: the audit trail adds none to successful ones")
    func counts() async throws {
        try await TestPostgres.with(settings: ["log_statement": "all"]) { server in
            let configuration = try server.configuration()
            let database = TestDatabase(
                url: server.url(),
                configuration: configuration,
                pool: PostgresPool(configuration.withoutLimits, logger: TestDatabase.silentLogger)
            )
            await database.pool.close()
            try await DatabaseRoles(serving: configuration, owner: nil).migrator(logger: TestDatabase.silentLogger).up()
            let limits = ["LOGIN_LIMIT_ACCOUNT": "2/3600"]
            try await TestAPI.with(limits, database: database, databaseURL: server.url()) { api in
                func run(_ status: Int, _ request: () async throws -> TestResponse) async throws -> [String] {
                    let before = try Self.statements(server).count
                    #expect(try await request().status == status)
                    return Array(try Self.statements(server).dropFirst(before))
                }
                // Statements at the start of the server belong to no request.
                try await eventually("the check is logged") {
                    api.logs.all.contains { $0.contains("database checked") }
                }
                let browser = api.client()
                let registration = try await run(201) {
                    try await browser.post(APIPath.register, Self.login.merging(["name": "Ada"]) { $1 })
                }
                #expect(registration == ["Take", "BEGIN", "InsertUser", "InsertSession", "COMMIT"])
                let signIn = try await run(200) { try await api.client().post(APIPath.login, Self.login) }
                #expect(signIn == ["TakeAndFind", "InsertSession"])
                for _ in 1...2 {
                    let failed = try await run(401) { try await api.client().post(APIPath.login, Self.wrong) }
                    #expect(failed == ["TakeAndFind", "RecordFailedSignIn"])
                }
                let throttled = try await run(429) { try await api.client().post(APIPath.login, Self.wrong) }
                #expect(throttled == ["TakeAndFind"])
                let signOut = try await run(204) { try await browser.send("POST", APIPath.logout) }
                #expect(signOut == ["EndSessionByToken"])
            }
        }
    }
}
