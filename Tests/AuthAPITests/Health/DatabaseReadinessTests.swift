import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// Readiness follows the state of the database, and recovers automatically.
@Suite struct DatabaseReadinessTests {
    private static let role = TestDatabase.servingRole

    /// The doctor's finding on a subject, as the serving role.
    private static func finding(_ subject: String, _ database: TestDatabase) async throws -> Finding {
        let serving = try PostgresConfiguration(url: try #require(database.servingURL))
        let found = try await DatabaseHealthTests.findings(serving)
        return try #require(found.first { $0.subject == subject && $0.level == .fix }, "\(found)")
    }

    @Test(
        "W55: A read-only database is not ready, with the reason; the doctor's command fixes it",
        arguments: ["ALTER DATABASE \"NAME\" SET", "ALTER ROLE yoshikosan_api IN DATABASE \"NAME\" SET"]
    )
    func readOnly(command: String) async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let name = try #require(try await api.database.sql("SELECT current_database()"))
            let set = command.replacing("NAME", with: name) + " default_transaction_read_only = on"
            try await api.database.sql(set)
            // Open connections are not affected.
            #expect(try await client.get(APIPath.readiness).status == 200)
            try await api.database.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(Self.role)' "
                    + "AND datname = current_database()"
            )
            try await eventually("the API is not ready") { try await client.get(APIPath.readiness).status == 503 }
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            #expect(try await api.client().post(APIPath.login, login).status == 503)
            try await eventually("the reason is logged") {
                // The first 503 may be for a connection that was just terminated.
                _ = try await client.get(APIPath.readiness)
                return api.logs.all.contains { $0.contains("not ready") && $0.contains("25006") }
            }

            let finding = try await Self.finding("read-only", api.database)
            #expect(finding.message.contains("cannot execute INSERT in a read-only transaction"))
            #expect(
                api.logs.all.contains { $0.contains("not ready") && $0.contains("RESET default_transaction_read_only") }
            )
            // The owner's connection is now read-only, too, but may change that.
            try await api.database.sql("SET default_transaction_read_only = off")
            try await api.database.sql("SET transaction_read_only = off; \(try #require(finding.advice))")
            try await eventually("the API is ready") { try await client.get(APIPath.readiness).status == 200 }
            #expect(try await api.client().post(APIPath.login, login).status == 200)
            #expect(api.logs.all.contains { $0.contains("ready again") })
        }
    }

    @Test(
        "W52: Revoking privileges while users are signed in gives 503, and operators the reason",
        arguments: [
            "REVOKE ALL ON sessions, users FROM yoshikosan_api",
            "REVOKE USAGE ON SCHEMA public FROM yoshikosan_api, PUBLIC",
            "ALTER TABLE sessions RENAME TO old_sessions", "ALTER TABLE users RENAME COLUMN name TO full_name",
            "DROP INDEX users_email_key", "DROP FUNCTION take_attempts",
            "ALTER TABLE users ADD COLUMN tenant int NOT NULL DEFAULT 1; ALTER TABLE users ALTER COLUMN tenant DROP DEFAULT",
            "CREATE RULE note AS ON UPDATE TO audit_events DO ALSO NOTHING",
        ]
    )
    func changedMeanwhile(command: String) async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            try await api.database.sql(command)
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            let registration = ["email": "eve@example.com", "password": "Correct-Horse-7", "name": "Eve"]
            let responses = [
                try await client.get(APIPath.me), try await client.get(APIPath.sessions),
                try await api.client().post(APIPath.login, login),
                try await api.client().post(APIPath.register, registration),
            ]
            let failed = responses.filter { $0.status >= 400 }
            #expect(!failed.isEmpty)
            for response in failed {
                #expect(response.status == 503 && response.header("Retry-After") != nil)
                #expect(try response.problem.code == .serviceUnavailable)
            }
            #expect(api.logs.all.contains { $0.contains("request failed") && $0.contains("sqlstate") })
        }
    }

    @Test(
        "W55: A fault that prevents sign-ins is not ready, reported by the doctor, and ready when fixed",
        arguments: [
            (
                "REVOKE SELECT ON users FROM yoshikosan_api", "GRANT SELECT ON users TO yoshikosan_api", "privileges",
                "users"
            ),
            (
                "REVOKE INSERT ON sessions FROM yoshikosan_api", "GRANT INSERT ON sessions TO yoshikosan_api",
                "privileges",
                "sessions"
            ),
            (
                "REVOKE INSERT ON audit_events FROM yoshikosan_api",
                "GRANT INSERT ON audit_events TO yoshikosan_api", "privileges", "audit_events"
            ),
            (
                "REVOKE EXECUTE ON FUNCTION take_attempts FROM yoshikosan_api",
                "GRANT EXECUTE ON FUNCTION take_attempts TO yoshikosan_api", "privileges", "take_attempts"
            ),
            (
                "REVOKE ALL ON yoshikosan_schema_migrations FROM yoshikosan_api",
                "GRANT SELECT (version) ON yoshikosan_schema_migrations TO yoshikosan_api", "privileges",
                "permission denied for table yoshikosan_schema_migrations"
            ),
            (
                "ALTER TABLE throttles RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO throttles", "schema",
                "relation \"throttles\" does not exist (SQLSTATE 42P01)"
            ),
            (
                "ALTER TABLE users RENAME COLUMN name TO full_name",
                "ALTER TABLE users RENAME COLUMN full_name TO name", "schema",
                "column \"name\" of relation \"users\" does not exist (SQLSTATE 42703)"
            ),
            (
                "ALTER TABLE sessions ADD COLUMN tenant int NOT NULL",
                "ALTER TABLE sessions ALTER COLUMN \"tenant\" DROP NOT NULL", "schema",
                "null value in column \"tenant\" of relation \"sessions\" violates not-null constraint (SQLSTATE 23502)"
            ),
            (
                "ALTER TABLE audit_events ALTER COLUMN occurred_at DROP DEFAULT",
                "ALTER TABLE audit_events ALTER COLUMN occurred_at SET DEFAULT now()", "schema",
                "null value in column \"occurred_at\" of relation \"audit_events\" violates not-null constraint"
            ),
            (
                "ALTER TABLE throttles DROP CONSTRAINT throttles_pkey",
                "ALTER TABLE throttles ADD CONSTRAINT throttles_pkey PRIMARY KEY (key)", "schema",
                "index \"throttles_pkey\" does not exist"
            ),
            (
                "ALTER FUNCTION take_attempts RENAME TO elsewhere", "ALTER FUNCTION elsewhere RENAME TO take_attempts",
                "schema", "function take_attempts(bytea[], bigint[], bigint[], timestamptz) does not exist"
            ),
            (
                "ALTER TABLE users ENABLE ROW LEVEL SECURITY", "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
                "row security", "\"public\".\"users\""
            ),
            (
                "ALTER TABLE sessions ENABLE ROW LEVEL SECURITY; "
                    + "CREATE POLICY reading ON sessions FOR SELECT TO yoshikosan_api USING (true)",
                "CREATE POLICY adding ON sessions FOR INSERT TO yoshikosan_api WITH CHECK (true)",
                "row security", "\"public\".\"sessions\""
            ),
            (
                "ALTER TABLE yoshikosan_schema_migrations ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE yoshikosan_schema_migrations DISABLE ROW LEVEL SECURITY",
                "row security", "\"public\".\"yoshikosan_schema_migrations\""
            ),
            (
                "REVOKE USAGE ON SCHEMA public FROM PUBLIC, yoshikosan_api",
                "GRANT USAGE ON SCHEMA public TO yoshikosan_api", "schema", "permission denied for schema public"
            ),
        ]
    )
    func blocked(breaking: String, repairing: String, subject: String, named: String) async throws {
        try await TestAPI.with { api in
            let client = api.client()
            try await eventually("the API is ready") { try await client.get(APIPath.readiness).status == 200 }
            try await api.database.sql(breaking)
            #expect(try await client.get(APIPath.readiness).status == 503)
            let finding = try await Self.finding(subject, api.database)
            #expect(finding.message.contains(named) && finding.advice?.isEmpty == false, "\(finding)")
            let lines = api.logs.all.filter { $0.contains(#""message":"not ready""#) }
            #expect(lines.count == 1 && lines.contains { $0.contains("fix:") }, "\(lines)")
            // It is logged once, however often the health check runs.
            #expect(try await client.get(APIPath.readiness).status == 503)
            #expect(api.logs.all.count { $0.contains(#""message":"not ready""#) } == 1)
            try await api.database.sql(repairing)
            #expect(try await client.get(APIPath.readiness).status == 200)
        }
    }

    @Test("W55: A missing index that sign-ins do not require is reported, and the API stays ready")
    func index() async throws {
        try await TestAPI.with { api in
            try await api.database.sql("DROP INDEX users_email_key")
            #expect(try await api.client().get(APIPath.readiness).status == 200)
            let finding = try await Self.finding("schema", api.database)
            #expect(finding.message.contains("\"users_email_key\" does not exist"), "\(finding)")
        }
    }

    @Test("W55: Row security with a policy for the role is ready")
    func policy() async throws {
        try await TestAPI.with { api in
            try await api.database.sql(
                "ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY api ON users TO \(Self.role) USING (true)"
            )
            #expect(try await api.client().get(APIPath.readiness).status == 200)
            _ = try await api.registered()
        }
    }

    @Test("W52: A server whose role may not create tables runs, reports why, and is ready once it may")
    func startsLater() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE plain LOGIN", on: admin)
            try await TestSQL.run("CREATE DATABASE plain", on: admin)
            let url = server.url(database: "plain") + " user=plain"
            let database = TestDatabase(
                url: url,
                configuration: try PostgresConfiguration(url: url),
                pool: PostgresPool(try PostgresConfiguration(url: url), logger: TestDatabase.silentLogger)
            )
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database) { api in
                try await eventually("the reason is logged") {
                    api.logs.all.contains { $0.contains("permission denied for schema public (SQLSTATE 42501)") }
                }
                #expect(try await api.client().get(APIPath.readiness).status == 503)
                #expect(try await api.client().get(APIPath.liveness).status == 200)
                let fix = "GRANT CREATE ON SCHEMA \"public\" TO \"plain\""
                #expect(api.logs.all.contains { $0.contains(fix.replacing("\"", with: "\\\"")) })
                try await TestSQL.run(fix, on: server.configuration(database: "plain"))
                try await eventually("the API is ready") { try await api.client().get(APIPath.readiness).status == 200 }
            }
            await database.pool.close()
        }
    }

    @Test("W61: The doctor finds another collation version, and its command fixes it")
    func collation() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await TestSQL.run(
                "CREATE DATABASE site TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C.UTF-8'",
                on: admin
            )
            let site = try server.configuration(database: "site")
            try await Migrator(site, logger: TestDatabase.silentLogger).up()
            try await TestSQL.run("UPDATE pg_database SET datcollversion = '1' WHERE datname = 'site'", on: admin)
            let found = try #require(try await DatabaseHealthTests.findings(site).first { $0.subject == "collation" })
            #expect(found.level == .fix && found.message.contains("collation version 1,"))
            let fix = "REINDEX DATABASE \"site\"; ALTER DATABASE \"site\" REFRESH COLLATION VERSION"
            #expect(found.advice == fix)
            for command in fix.split(separator: ";") { try await TestSQL.run(String(command), on: site) }
            #expect(try await !DatabaseHealthTests.findings(site).contains { $0.subject == "collation" })
        }
    }
}
