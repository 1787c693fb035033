import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// Servers that share PostgreSQL's protocol, and servers in another state than required.
@Suite struct UnsupportedServerTests {
    @Test("W50: A server without PostgreSQL's functions is reported as unsupported, not as a missing migration")
    func missingFunction() async throws {
        try await TestPostgres.with { server in
            let configuration = try server.configuration()
            try await TestSQL.run(
                "ALTER FUNCTION pg_catalog.row_security_active(oid) RENAME TO row_security_unknown",
                on: configuration
            )
            let words = "function row_security_active(oid) does not exist (SQLSTATE 42883)"
            let error = await #expect(throws: MigrationError.self) {
                try await Migrator(configuration, logger: TestDatabase.silentLogger).up()
            }
            guard case .unfit(let faults) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(faults.map(\.weight) == [.unfit] && error?.isRepairable == false)
            #expect(faults[0].message.hasSuffix(words) && faults[0].fix.contains("PostgreSQL 15"))
            let findings = try await DatabaseHealthTests.findings(configuration)
            #expect(findings.map(\.subject) == ["server"] && "\(findings)".contains(words), "\(findings)")
        }
    }

    @Test("W55: A database whose commits wait for a missing standby is not ready, and migrating names the reason")
    func missingStandby() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            let silent = TestDatabase.silentLogger
            try await Migrator(admin, logger: silent).up()
            @Sendable func readiness() async throws -> Readiness {
                try await PostgresPool.with(admin, logger: silent) { pool in
                    try await pool.reading { try Readiness.of($0) }
                }
            }
            #expect(try await readiness() == .ready)
            try await TestSQL.run("ALTER SYSTEM SET synchronous_standby_names = 'absent'", on: admin)
            try await TestSQL.run("SELECT pg_reload_conf()", on: admin)
            try await eventually("the server waits for the standby") { try await readiness() == .unusable }
            let error = await #expect(throws: MigrationError.self) { try await Migrator(admin, logger: silent).up() }
            #expect(error?.description.contains("synchronous_standby_names") == true)
        }
    }

    @Test("W55: A standby that names standbys, as a copy of its primary does, is read-only and waits for none")
    func copiedStandby() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await Migrator(admin, logger: TestDatabase.silentLogger).up()
            try await TestSQL.run("ALTER SYSTEM SET synchronous_standby_names = 'absent'", on: admin)
            try await server.stop()
            try server.write("", to: "standby.signal")
            try await server.start()
            let readiness = try await PostgresPool.with(admin, logger: TestDatabase.silentLogger) { pool in
                try await pool.reading { try Readiness.of($0) }
            }
            #expect(readiness == .readOnly)
        }
    }

    @Test("W55: A primary that target_session_attrs excludes is not reported as unreachable")
    func primaryOnly() async throws {
        try await TestPostgres.with { server in
            let configuration = try PostgresConfiguration(url: server.url() + " target_session_attrs=standby")
            let error = try await TestCommand.onThread {
                #expect(throws: PostgresError.self) { try PostgresReach.connect(configuration) }
            }
            let explanation = DatabaseExplanation(try #require(error), configuration)
            #expect(explanation.text.hasPrefix("no server meets target_session_attrs: "), "\(explanation)")
            #expect(explanation.text.contains("fix: name every server") && explanation.status == 69)
        }
    }

    @Test("W59: GRANT CONNECT is suggested only if the privilege CONNECT is missing")
    func privilege() {
        func fix(_ detail: String) -> String? {
            var error = PostgresError.unavailable(.refused, detail)
            error.sqlState = "42501"
            return error.connectionFix(role: "ada", database: "site")
        }
        let connect = "permission denied for database \"site\"; DETAIL:  User does not have CONNECT privilege."
        #expect(fix(connect) == "GRANT CONNECT ON DATABASE \"site\" TO \"ada\"")
        #expect(fix("permission denied to set role \"own\"") == nil)
    }

    @Test(
        "W59: A connection that libpq rejects by its settings is not retried",
        arguments: [
            "requirepeer specifies \"x\", but actual peer user name is \"root\"",
            "GSSAPI encryption required but was impossible",
        ]
    )
    func settings(message: String) {
        #expect(PostgresError.unavailable(.notConnected, message).isRefusal)
    }
}
