import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W17: PostgreSQL's own log holds nothing of what people do in ordinary ways.
@Suite struct ServerLogTests {
    /// Runs `body` with an API on a server of its own; gives what that server has logged.
    private func log(_ body: @Sendable (OAuthSite) async throws -> Void) async throws -> String {
        try await TestPostgres.with { server in
            let configuration = try server.configuration()
            try await Migrator(configuration, logger: TestDatabase.silentLogger).up()
            let database = TestDatabase(
                url: server.url(),
                configuration: configuration,
                pool: PostgresPool(configuration, logger: TestDatabase.silentLogger)
            )
            try await OAuthSite.with(["HASHING_QUEUE": "100"], database: database, body)
            await database.pool.close()
            return try String(contentsOf: server.directory.appending(path: "log"), encoding: .utf8)
        }
    }

    @Test("W17: a taken address, by form, by provider and by several at once, makes no error of the database")
    func taken() async throws {
        let log = try await log { site in
            _ = try await site.api.registered(email: "taken@example.com")
            let registration = ["email": "Taken@example.com", "password": "Correct-Horse-7", "name": "Eve"]
            #expect(try await site.api.client().post(APIPath.register, registration).status == 409)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let body = ["email": "race@example.com", "password": "Correct-Horse-7", "name": "Race"]
                        return try await site.api.client().post(APIPath.register, body).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 5))
            // One identity in several tabs at once, and a second account of its provider.
            var tabs: [(browser: TestClient, target: String)] = []
            for _ in 0..<4 {
                let browser = site.browser()
                site.become { $0.email = "tabs@example.com" }
                tabs.append((browser, try await site.begin(.google, in: browser)))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for tab in tabs { group.addTask { _ = try await tab.browser.get(tab.target) } }
                try await group.waitForAll()
            }
            let other = try await site.link(.google, in: tabs[0].browser) { $0.subject = "another-account" }
            #expect(other.failure == .providerAlreadyLinked)
            #expect(try await site.sql("SELECT count(*) FROM users WHERE email = 'tabs@example.com'") == "1")
        }
        #expect(!log.contains("ERROR"), "\(log)")
        for word in ["taken@example.com", "race@example.com", "tabs@example.com", "DETAIL", "STATEMENT"] {
            #expect(!log.contains(word), "\(log)")
        }
    }
}
