import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W17: Normal use writes nothing to PostgreSQL's log.
@Suite struct ServerLogTests {
    /// Runs `body` with an API on a separate database server; returns that server's log.
    private func log(_ body: @Sendable (OAuthSite) async throws -> Void) async throws -> String {
        try await TestPostgres.with { server in
            let configuration = try server.configuration()
            try await Migrator(configuration, logger: TestDatabase.silentLogger).up()
            let database = TestDatabase(
                url: server.url(),
                configuration: configuration,
                pool: PostgresPool(configuration.withoutLimits, logger: TestDatabase.silentLogger)
            )
            try await OAuthSite.with(["HASHING_QUEUE": "100", "DATABASE_POOL_SIZE": "4"], database: database, body)
            await database.pool.close()
            return try String(contentsOf: server.directory.appending(path: "log"), encoding: .utf8)
        }
    }

    @Test(
        "W17: Deleting a user or disconnecting an identity during a sign-in causes no database error"
    )
    func goneMeanwhile() async throws {
        let log = try await log { site in
            let opening = """
                SELECT count(*) FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO sessions%'
                """
            let owner = try await site.api.registered(email: "gone@example.com")
            try await site.link(.google, in: owner) { $0.email = "gone@example.com" }
            try await site.sql("DELETE FROM sessions")

            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            let locked = Gate()
            async let locking: Void = site.api.database.pool.transaction { db in
                try db.run(TestStatements.LockAuditTrail())
                locked.wait()
            }
            await locked.entered()
            async let byProvider = browser.get(target)
            try await eventually("the sign-in waits for the lock") { try await site.sql(opening) == "1" }
            try await site.sql("DELETE FROM oauth_accounts")
            locked.open()
            try await locking
            // The second attempt asks for the password of the account with that email.
            #expect(try await byProvider.parameter("connect") == "google")

            let deleted = Gate()
            async let deleting: Void = site.api.database.pool.transaction { db in
                try db.run(DeleteUsers())
                deleted.wait()
            }
            await deleted.entered()
            let login = ["email": "gone@example.com", "password": "Correct-Horse-7"]
            async let byPassword = site.api.client().post(APIPath.login, login)
            try await eventually("the sign-in waits for the lock") { try await site.sql(opening) == "1" }
            deleted.open()
            try await deleting
            #expect(try await byPassword.status == 401)
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "0")
        }
        #expect(!log.contains("ERROR") && !log.contains("DETAIL"), "\(log)")
    }

    @Test("W17: A taken email address causes no database error: by form, by provider, and concurrently")
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

private struct DeleteUsers: Statement {
    static let sql: StaticString = "DELETE FROM users"
}
