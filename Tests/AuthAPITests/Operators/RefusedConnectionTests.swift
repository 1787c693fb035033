import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W59: Every command prints the message of a refused connection at once.
@Suite struct RefusedConnectionTests {
    private static let password = "Wr0ng-pa55word-of-ada"

    /// Expects that a command fails on an unusable database without waiting.
    private func ending(_ url: String) async throws -> CommandEnding {
        let settings = try TestAPI.settings([:], databaseURL: url)
        let configuration = settings.database.serving
        let start = ContinuousClock.now
        var endings: [CommandEnding] = []
        for command in [
            { _ = try await Operator.with(settings) { try await $0.store.users(PageRequest(limit: 1, after: nil)) } },
            { _ = try await settings.database.migrator(logger: TestDatabase.silentLogger).status() },
        ] as [() async throws -> Void] {
            do {
                try await command()
                Issue.record("the database was used")
            } catch { endings.append(try #require(CommandEnding(of: error, on: configuration))) }
        }
        #expect(ContinuousClock.now - start < .seconds(8))
        let found = try await DatabaseHealthTests.findings(configuration)
        #expect(found.count == 1 && found[0].subject == "database")
        #expect(!"\(found) \(endings)".contains(Self.password))
        #expect(endings[0] == endings[1])
        return endings[0]
    }

    @Test(
        "W59: Wrong password, unknown role or database, pg_hba.conf, TLS, privileges: the server's message and status 78"
    )
    func refused() async throws {
        let rules = """
            host all shut 127.0.0.1/32 reject
            host all ada 127.0.0.1/32 scram-sha-256
            local all all trust
            host all all 127.0.0.1/32 trust

            """
        try await TestPostgres.with(
            settings: ["listen_addresses": "127.0.0.1"],
            prepare: { try $0.write(rules, to: "pg_hba.conf") }
        ) { server in
            let admin = try server.configuration()
            try await TestSQL.run(
                "CREATE ROLE ada LOGIN PASSWORD 'another'; CREATE ROLE shut LOGIN; CREATE ROLE bob LOGIN; "
                    + "CREATE ROLE barred; REVOKE CONNECT ON DATABASE template1 FROM PUBLIC",
                on: admin
            )
            let server = "127.0.0.1:\(server.port)"
            let cases = [
                ("ada:\(Self.password)@\(server)/postgres", "28P01", "password authentication failed for user \"ada\""),
                ("ada@\(server)/postgres", "", "no password supplied"),
                ("bob@\(server)/no_such", "3D000", "database \"no_such\" does not exist"),
                ("eve@\(server)/postgres", "28000", "role \"eve\" does not exist"),
                ("barred@\(server)/postgres", "28000", "role \"barred\" is not permitted to log in"),
                ("shut@\(server)/postgres", "28000", "pg_hba.conf rejects connection"),
                ("bob@\(server)/template1", "42501", "permission denied for database \"template1\""),
                ("bob@\(server)/postgres?sslmode=require", "", "server does not support SSL, but SSL was required"),
            ]
            for (url, state, words) in cases {
                let ending = try await ending("postgresql://\(url)")
                #expect(ending.status == 78, "\(ending)")
                #expect(ending.explanation.hasPrefix("the database rejected the connection: "), "\(ending)")
                #expect(ending.explanation.contains(words), "\(ending)")
                #expect(state.isEmpty || ending.explanation.contains("(SQLSTATE \(state))"), "\(ending)")
            }
        }
    }

    @Test(
        "W59: A server that responds is not reported as unreachable",
        arguments: ["53300", "55000", "57P03"]
    )
    func responds(state: String) {
        var error = PostgresError.unavailable(.notConnected, "FATAL:  not now")
        error.sqlState = state
        let explanation = DatabaseExplanation(error)
        let event = "the database rejected the connection: FATAL:  not now (SQLSTATE \(state))"
        #expect(explanation.text.hasPrefix(event) && explanation.status == 69)
    }

    @Test("W59: If the owner's connection is rejected at the start, the command that fixes it names the owner")
    func owner() async throws {
        let rules = "local all own scram-sha-256\nlocal all all trust\n"
        try await TestPostgres.with(prepare: { try $0.write(rules, to: "pg_hba.conf") }) { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE own LOGIN PASSWORD 'another'", on: admin)
            let owner = try PostgresConfiguration(url: server.url() + " user=own password=\(Self.password)")
            let pool = PostgresPool(admin, logger: TestDatabase.silentLogger)
            let reasons = Locked<[String]>([])
            let startup = SchemaStartup(
                migrator: Migrator(owner, logger: TestDatabase.silentLogger),
                postgres: pool,
                logger: TestDatabase.silentLogger,
                whileWaiting: { reason in reasons.update { $0.append(reason) } }
            )
            let running = Task { try await startup.run() }
            try await eventually("the reason is reported") { !reasons.value.isEmpty }
            running.cancel()
            _ = await running.result
            #expect(reasons.value.first?.contains("fix: correct the password") == true)
            #expect(reasons.value.first?.contains("ALTER ROLE \"own\" PASSWORD") == true, "\(reasons.value)")
            await pool.close()
        }
    }

    @Test("W59: A server starts if its pool holds every connection that its role may open")
    func connectionLimit() async throws {
        try await TestPostgres.with { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE one LOGIN CONNECTION LIMIT 1", on: admin)
            try await TestSQL.run("GRANT CREATE ON SCHEMA public TO one", on: admin)
            var serving = try PostgresConfiguration(url: server.url() + " user=one")
            serving.poolSize = 1
            try await Migrator(serving, logger: TestDatabase.silentLogger).up()
            let pool = PostgresPool(serving, logger: TestDatabase.silentLogger)
            // The pool opens its connection and keeps it.
            _ = try await pool.reading { try DatabaseInspection.faults(on: $0, for: .serving) }
            let isReady = Locked(false)
            let startup = SchemaStartup(
                migrator: nil,
                postgres: pool,
                logger: TestDatabase.silentLogger,
                whenReady: { isReady.update { $0 = true } }
            )
            let running = Task { try await startup.run() }
            try await eventually("the server is ready") { isReady.value }
            running.cancel()
            _ = await running.result
            await pool.close()
        }
    }

    @Test("W59: A server with a wrong password keeps running, reports it, and is ready once the password is correct")
    func serving() async throws {
        let rules = "local all ada scram-sha-256\nlocal all all trust\n"
        try await TestPostgres.with(prepare: { try $0.write(rules, to: "pg_hba.conf") }) { server in
            let admin = try server.configuration()
            try await TestSQL.run("CREATE ROLE ada LOGIN SUPERUSER PASSWORD 'another'", on: admin)
            try await Migrator(admin, logger: TestDatabase.silentLogger).up()
            let url = "postgresql://ada:\(Self.password)@/postgres?host=\(server.directory.path())&port=\(server.port)"
            let database = TestDatabase(
                url: url,
                configuration: admin,
                pool: PostgresPool(admin, logger: TestDatabase.silentLogger)
            )
            try await TestAPI.with(database: database, databaseURL: url, disablesTimeLimits: false) { api in
                try await eventually("the reason is logged") {
                    api.logs.all.contains {
                        $0.contains("database not ready") && $0.contains("password authentication failed")
                            && $0.contains("28P01")
                    }
                }
                #expect(try await api.client().get(APIPath.readiness).status == 503)
                #expect(!api.logs.all.contains { $0.contains(Self.password) })
                try await TestSQL.run("ALTER ROLE ada PASSWORD '\(Self.password)'", on: admin)
                try await eventually("the API is ready") { try await api.client().get(APIPath.readiness).status == 200 }
            }
            await database.pool.close()
        }
    }
}
