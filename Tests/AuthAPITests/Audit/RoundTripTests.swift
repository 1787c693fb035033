import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// What limits and the audit trail cost: how often each request speaks to the database.
@Suite struct RoundTripTests {
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let wrong = ["email": "ada@example.com", "password": "Wrong-Horse-7"]

    /// What the server's log says was run, by the names that prepared statements have.
    private static func statements(_ server: TestPostgres) throws -> [String] {
        let log = try String(contentsOf: server.directory.appending(path: "log"), encoding: .utf8)
        return log.split(separator: "\n").compactMap { line in
            if let match = line.firstMatch(of: /execute \d+_(\w+):/) { return String(match.1) }
            return line.firstMatch(of: /statement: (BEGIN|COMMIT|ROLLBACK)/).map { String($0.1) }
        }
    }

    @Test("A17 Each request speaks to the database as often as it must: the trail adds nothing to what succeeds")
    func counts() async throws {
        try await TestPostgres.with(settings: ["log_statement": "all"]) { server in
            let configuration = try server.configuration()
            let database = TestDatabase(
                url: server.url(),
                configuration: configuration,
                pool: PostgresPool(configuration, logger: TestDatabase.silentLogger)
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
                // What the server asks at its start is no request's.
                try await eventually { api.logs.all.contains { $0.contains("database checked") } }
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
