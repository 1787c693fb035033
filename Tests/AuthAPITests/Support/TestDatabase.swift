import Foundation
import Logging

@testable import AuthAPI
@testable import PostgresClient

/// A database for one test, cloned from a template that holds the migrated schema.
///
/// `TEST_DATABASE_URL` names any database of a server on which the role may create databases; `make test` sets it.
struct TestDatabase: Sendable {
    /// The database's own connection string.
    let url: String
    /// The connection string of the serving role; nil if there is only one role.
    var servingURL: String?
    /// The configuration for the owner of the schema, with a small pool.
    let configuration: PostgresConfiguration
    /// A pool of two connections of the owner without time limits, closed after the test.
    let pool: PostgresPool

    /// The serving role of the API under test, so that every test shows that its privileges suffice.
    static let servingRole = "yoshikosan_api"

    /// There is no server for the tests.
    struct Missing: Error, CustomStringConvertible {
        let description =
            "TEST_DATABASE_URL is not set: run the tests with `make test`, which starts PostgreSQL for them."
    }

    /// Runs `body` with a separate database and drops it afterwards; without `migrated` the database is empty.
    static func with<Value>(
        migrated: Bool = true,
        _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        await TestGate.databases.enter()
        defer { Task { await TestGate.databases.leave() } }
        let server = try serverURL()
        let admin = try PostgresConfiguration(url: server)
        let name = "yoshikosan_test_" + randomName()
        let template = migrated ? try await Template.shared.name(admin, server) : "template1"
        try await TestSQL.run("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY = file_copy", on: admin)
        let url = try connectionString(server, database: name)
        let servingURL = try connectionString(server, database: name, user: servingRole)
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = 2
        let pool = PostgresPool(configuration.withoutLimits, logger: silentLogger)
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await body(
                    TestDatabase(url: url, servingURL: servingURL, configuration: configuration, pool: pool)
                )
            )
        } catch {
            result = .failure(error)
        }
        await pool.close()
        try await TestSQL.run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", on: admin)
        return try result.get()
    }

    /// Runs SQL text on a separate connection; returns the first field of the last result.
    @discardableResult
    func sql(_ text: String) async throws -> String? {
        try await TestSQL.run(text, on: configuration)
    }

    /// Gives every user that many more live sessions, each a second older than the previous one.
    func insertSessions(_ count: Int) async throws {
        try await sql(
            """
            INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
            SELECT users.id, sha256((users.id::text || n)::bytea),
                now() - n * interval '1 second', now() + interval '5 days'
            FROM users, generate_series(1, \(count)) n
            """
        )
    }

    /// A logger without output.
    static let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The setting, or an error with the fix.
    static func serverURL() throws -> String {
        guard let url = ProcessInfo.processInfo.environment["TEST_DATABASE_URL"], !url.isEmpty else { throw Missing() }
        return url
    }

    /// The connection string with another database and optionally another role, in the same format.
    static func connectionString(_ server: String, database: String, user: String? = nil) throws -> String {
        guard server.contains("://") else {
            return server + " dbname=\(database)" + (user.map { " user=\($0)" } ?? "")
        }
        guard var parts = URLComponents(string: server) else {
            throw TestCommand.Failure(description: "TEST_DATABASE_URL is no URL")
        }
        parts.path = "/" + database
        if let user { parts.user = user }
        parts.queryItems = parts.queryItems?.filter { $0.name != "dbname" }
        return parts.string ?? server
    }

    /// A unique name of letters and digits.
    static func randomName() -> String {
        "\(ProcessInfo.processInfo.processIdentifier)_\(String(UInt32.random(in: 0...(.max)), radix: 36))"
    }
}

extension PostgresConfiguration {
    /// The same without time limits on jobs and statements, for tests of something else.
    var withoutLimits: PostgresConfiguration {
        var copy = self
        copy.connectTimeout = .seconds(60)
        copy.waitTimeout = nil
        copy.jobTimeout = nil
        copy.statementTimeout = nil
        copy.lockTimeout = nil
        copy.idleInTransactionTimeout = nil
        copy.drainTimeout = .seconds(60)
        return copy
    }
}

/// The template, created once for each state of the migrations and shared by all test processes.
private actor Template {
    static let shared = Template()

    private var task: Task<String, any Error>?

    /// The template's name; creates it if necessary.
    func name(_ admin: PostgresConfiguration, _ server: String) async throws -> String {
        let task = task ?? Task { try await Self.make(admin, server) }
        self.task = task
        return try await task.value
    }

    /// Creates the template under a temporary name and renames it when it is complete, so that it is never seen incomplete.
    private static func make(_ admin: PostgresConfiguration, _ server: String) async throws -> String {
        let content = Migrations.all.flatMap(\.checksum) + PackageResources.serving_role_sql
        let digest = content.reduce(into: UInt64(14_695_981_039_346_656_037)) { hash, byte in
            hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
        }
        let name = "yoshikosan_template_" + String(digest, radix: 36)
        let exists = "SELECT 1 FROM pg_database WHERE datname = '\(name)'"
        if try await TestSQL.run(exists, on: admin) != nil { return name }
        let draft = "yoshikosan_draft_" + TestDatabase.randomName()
        try await TestSQL.run("CREATE DATABASE \(draft) TEMPLATE template1", on: admin)
        let configuration = try PostgresConfiguration(url: TestDatabase.connectionString(server, database: draft))
        let servingURL = try TestDatabase.connectionString(server, database: draft, user: TestDatabase.servingRole)
        let roles = DatabaseRoles(serving: try PostgresConfiguration(url: servingURL), owner: configuration)
        try await roles.migrator(logger: TestDatabase.silentLogger).up()
        do {
            try await TestSQL.run("ALTER DATABASE \(draft) RENAME TO \(name)", on: admin)
        } catch let error as PostgresError where error.sqlState == "42P04" || error.sqlState == "23505" {
            // Another process was faster.
            try await TestSQL.run("DROP DATABASE \(draft) WITH (FORCE)", on: admin)
        }
        return name
    }
}
