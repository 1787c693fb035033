import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D6 D1: The doctor's findings in good and bad databases.
@Suite struct DatabaseHealthTests {
    private static let role = TestDatabase.servingRole

    /// The findings of a connection.
    static func findings(
        _ serving: PostgresConfiguration,
        url: String = "https://site.example",
        timeout: Duration = .seconds(60)
    ) async throws -> [Finding] {
        let health = DatabaseHealth(
            roles: DatabaseRoles(serving: serving.withoutLimits, owner: nil),
            publicURL: try #require(WebOrigin(url)),
            logger: TestDatabase.silentLogger,
            timeout: timeout
        )
        return await health.findings()
    }

    /// The findings as the serving role, after SQL of the owner.
    private static func findings(
        after sql: String,
        migrated: Bool = true,
        url: String = "https://site.example"
    ) async throws -> [Finding] {
        try await TestDatabase.with(migrated: migrated) { database in
            if !sql.isEmpty { try await database.sql(sql) }
            let serving = try #require(database.servingURL)
            return try await findings(PostgresConfiguration(url: serving), url: url)
        }
    }

    @Test("D6 A good database has no problems, and every aspect was checked")
    func good() async throws {
        let found = try await Self.findings(after: "")
        #expect(
            found.map(\.subject) == [
                "database", "version", "encryption", "pooler", "connections", "clock", "schema", "privileges",
                "sessions", "visitors", "backups", "disk",
            ]
        )
        #expect(found.allSatisfy { $0.level == .ok || ["backups", "disk"].contains($0.subject) }, "\(found)")
        #expect(try Finding.only("schema", in: found).message == "current (\(Migrations.all.count) migrations)")
        #expect(try Finding.only("privileges", in: found).message == "\(Self.role) has exactly the required privileges")
        #expect(try Finding.only("database", in: found).message.contains("yoshikosan_test_"))
    }

    @Test(
        "W50: The doctor reports the pooler in front of PostgreSQL, and a wrong DATABASE_POOLER",
        arguments: [
            (nil, DatabasePooler.automatic, Finding.Level.ok, "no pooler in front"),
            (nil, .session, .ok, "no pooler in front"),
            (nil, .transaction, .note, "turns prepared statements off"),
            ("transaction", .automatic, .ok, "treated as shared"),
            ("transaction", .transaction, .ok, "treated as shared"),
            ("session", .automatic, .ok, "treated as shared"),
            ("session", .session, .note, "requires that its pool_mode is session"),
        ] as [(String?, DatabasePooler, Finding.Level, String)]
    )
    func pooler(mode: String?, setting: DatabasePooler, level: Finding.Level, words: String) async throws {
        try await TestDatabase.with { database in
            func check(_ configuration: PostgresConfiguration) async throws {
                var configuration = configuration
                configuration.pooler = setting
                let found = try Finding.only("pooler", in: try await Self.findings(configuration))
                #expect(found.level == level && found.message.contains(words), "\(found)")
                #expect(found.message.contains("DATABASE_POOLER=\(setting.rawValue)"))
                #expect((found.advice == nil) == (level == .ok))
            }
            guard let mode else { return try await check(database.configuration) }
            try await TestPgBouncer.with(mode) { try await check(await $0.configuration(database)) }
        }
    }

    @Test("W55 A server that stores no rows, such as with a full disk, is a problem; the check stores none")
    func writing() async throws {
        let words = "could not extend file: No space left on device"
        let found = try await Self.findings(
            after: """
                CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE disk_full USING MESSAGE = '\(words)'; END $$;
                CREATE TRIGGER fill AFTER INSERT ON throttles FOR EACH STATEMENT EXECUTE FUNCTION fill()
                """
        )
        let problem = try Finding.only("writing", in: found)
        #expect(problem.level == .fix && problem.message == "\(words) (SQLSTATE 53100)")
        try await TestDatabase.with { database in
            let found = try await Self.findings(PostgresConfiguration(url: try #require(database.servingURL)))
            #expect(!found.contains { $0.level == .fix && ["writing", "schema", "privileges"].contains($0.subject) })
            #expect(try await database.sql("SELECT count(*) FROM throttles") == "0")
        }
    }

    @Test("W58 Settings that name one database for serving and another for migrations are a problem")
    func twoDatabases() async throws {
        try await TestDatabase.with { database in
            let other = try TestDatabase.connectionString(
                TestDatabase.serverURL(),
                database: "postgres",
                user: Self.role
            )
            let roles = DatabaseRoles(serving: try PostgresConfiguration(url: other), owner: database.configuration)
            let found = await DatabaseHealth(
                roles: roles,
                publicURL: .localhost,
                logger: TestDatabase.silentLogger,
                timeout: .seconds(60)
            ).findings()
            let problem = found.first { $0.subject == "database" && $0.level == .fix }
            #expect(problem?.message.contains("the owner uses the database") == true, "\(found)")
        }
    }

    @Test("D1 A pending migration and a missing schema are problems; a migration of a newer release is not")
    func schema() async throws {
        let last = try #require(Migrations.all.last)
        let pending = try await Self.findings(
            after: "DELETE FROM yoshikosan_schema_migrations WHERE version = \(last.version)"
        )
        #expect(
            try Finding.only("schema", in: pending)
                == .fix("schema", "pending: \(last.file)", "run as the owner: AuthAPI migrate up")
        )
        let empty = try await Self.findings(after: "", migrated: false)
        let none = "has no tables of this system that the role \(Self.role) can use"
        #expect(try Finding.only("schema", in: empty).message.hasSuffix(none))
        #expect(try Finding.only("schema", in: empty).level == .fix)
        // Without tables, there is no finding about visitors.
        #expect(!empty.contains { $0.subject == "visitors" })
        let newer = try await Self.findings(
            after: "INSERT INTO yoshikosan_schema_migrations (version, name, checksum) VALUES (9999, 'later', '')"
        )
        #expect(try Finding.only("schema", in: newer) == .note("schema", "current; newer migrations: 1"))
    }

    @Test(
        "D6 A missing privilege is named by its table",
        arguments: ["users", "sessions", "oauth_accounts", "throttles"],
        ["SELECT", "INSERT", "DELETE", "UPDATE"]
    )
    func missingPrivilege(table: String, privilege: String) async throws {
        let found = try await Self.findings(after: "REVOKE \(privilege) ON \(table) FROM \(Self.role)")
        let privileges = try Finding.only("privileges", in: found)
        let message = "the role \(Self.role) may not use \(table)"
        #expect(privileges == .fix("privileges", message, "run as the owner: AuthAPI migrate up"))
    }

    @Test(
        "D6 Missing privileges on the audit trail are named",
        arguments: ["SELECT ON audit_events", "INSERT ON audit_events", "EXECUTE ON FUNCTION remove_audit_events"]
    )
    func missingTrailPrivilege(privilege: String) async throws {
        let found = try await Self.findings(after: "REVOKE \(privilege) FROM \(Self.role)")
        let privileges = try Finding.only("privileges", in: found)
        #expect(privileges.message == "the role \(Self.role) may not use audit_events")
    }

    @Test(
        "D6 A surplus privilege is named",
        arguments: [
            ("GRANT CREATE ON SCHEMA public TO yoshikosan_api", "CREATE on the schema"),
            ("GRANT TRUNCATE ON users, sessions TO yoshikosan_api", "TRUNCATE on sessions users"),
            ("GRANT CREATE ON SCHEMA public TO PUBLIC", "CREATE on the schema"),
            ("GRANT UPDATE (address) ON audit_events TO yoshikosan_api", "UPDATE or DELETE on audit_events"),
            ("GRANT DELETE ON audit_events TO yoshikosan_api", "UPDATE or DELETE on audit_events"),
            ("ALTER TABLE throttles OWNER TO yoshikosan_api", "owner of throttles, TRUNCATE on throttles"),
        ]
    )
    func surplusPrivilege(sql: String, named: String) async throws {
        let privileges = try Finding.only("privileges", in: try await Self.findings(after: sql))
        #expect(privileges.level == .fix && privileges.advice?.contains("MIGRATION_DATABASE_URL") == true)
        #expect(privileges.message == "\(Self.role) has more privileges than required: \(named)")
    }

    @Test("D6 The owner and superusers have more privileges than required")
    func attributes() async throws {
        try await TestPostgres.with { server in
            let owner = try server.configuration()
            try await DatabaseRoles(serving: owner, owner: nil).migrator(logger: TestDatabase.silentLogger).up()
            let expected = [
                "SUPERUSER": "superuser", "CREATEROLE": "CREATEROLE", "CREATEDB": "CREATEDB",
                "REPLICATION": "REPLICATION",
            ]
            for (attribute, named) in expected {
                let role = "role_\(attribute.lowercased())"
                try await TestSQL.run("CREATE ROLE \(role) LOGIN \(attribute)", on: owner)
                try await TestSQL.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role)", on: owner)
                let found = try await Self.findings(PostgresConfiguration(url: server.url() + " user=\(role)"))
                let privileges = try Finding.only("privileges", in: found)
                #expect(
                    privileges.message.hasPrefix("\(role) has more privileges than required: \(named), "),
                    "\(privileges)"
                )
            }
            let found = try await Self.findings(owner)
            let privileges = try Finding.only("privileges", in: found)
            #expect(
                privileges.message.contains("owner of ") && privileges.message.contains(" oauth_accounts ")
                    && privileges.message.contains("yoshikosan_schema_migrations")
            )
        }
    }

    @Test("D6 Too few connections for another API process are reported")
    func connections() async throws {
        let settings = ["max_connections": "5", "superuser_reserved_connections": "2"]
        try await TestPostgres.with(settings: settings) { server in
            var configuration = try server.configuration()
            for (size, level) in [(1, Finding.Level.ok), (2, .fix)] {
                configuration.poolSize = size
                let found = try Finding.only("connections", in: try await Self.findings(configuration))
                #expect(found.level == level && found.message == "1 of 3 are in use")
                #expect(
                    (found.advice?.contains("DATABASE_POOL_SIZE (now 2 for each API process)") ?? false) == (size == 2)
                )
            }
        }
    }

    @Test("D6 verify-full is safe; TLS without verification and no TLS are reported")
    func encryption() async throws {
        try await TestPostgres.withTLS { server in
            for (mode, start) in [
                ("verify-full", "TLSv1.3, and the server is verified"),
                ("require", "TLSv1.3, but the server is not verified"),
                ("disable", "none to 127.0.0.1, which is on a private network"),
            ] {
                let url = "postgresql://postgres@127.0.0.1:\(server.port)/postgres?sslmode=\(mode)&sslrootcert="
                let root = server.data.appending(path: mode == "verify-full" ? "root.crt" : "missing.crt").path()
                let found = try await Self.findings(PostgresConfiguration(url: url + root))
                let encryption = try Finding.only("encryption", in: found)
                #expect(encryption.message == start && encryption.level == (mode == "verify-full" ? .ok : .note))
            }
        }
    }

    @Test("An unreachable database is reported with the reason and without the password")
    func unreachable() async throws {
        let nowhere = try PostgresConfiguration(
            host: "127.0.0.1",
            port: "1",
            user: "ada",
            password: TestAPI.secretKey,
            database: "site"
        )
        let found = try await Self.findings(nowhere, timeout: .seconds(2))
        #expect(found.map(\.subject) == ["database"] && found[0].level == .fix)
        #expect(found[0].message.contains("host=127.0.0.1 port=1") && found[0].message.contains("Connection refused"))
        #expect(!"\(found)".contains(TestAPI.secretKey))

        try await TestDatabase.with { database in
            let missing = try TestDatabase.connectionString(TestDatabase.serverURL(), database: "no_such_database")
            let found = try await Self.findings(PostgresConfiguration(url: missing))
            #expect(found.count == 1 && found[0].message.contains("\"no_such_database\" does not exist"))
            try await database.sql("REVOKE EXECUTE ON FUNCTION clock_timestamp() FROM PUBLIC")
            let serving = try #require(database.servingURL)
            let failing = try await Self.findings(PostgresConfiguration(url: serving))
            #expect(failing.count == 1 && failing[0].level == .fix)
            #expect(failing[0].message.contains("stopped responding") && failing[0].message.contains("clock_timestamp"))
        }
    }

    @Test("Situations that a test server cannot have are checked with fixed facts")
    func judged() throws {
        func health(_ url: String) throws -> DatabaseHealth {
            DatabaseHealth(
                roles: DatabaseRoles(serving: try PostgresConfiguration(url: url), owner: nil),
                publicURL: .localhost,
                logger: TestDatabase.silentLogger,
                timeout: .seconds(1)
            )
        }
        func server(version: Int32 = 170_002, tls: String? = nil, address: String? = nil) -> DescribeServer.Server {
            .init(
                version: version,
                database: "site",
                bytes: 1,
                time: .now,
                tls: tls,
                address: address,
                isAddressPrivate: address == nil,
                connections: 1,
                maxConnections: 97
            )
        }
        let plain = try health("postgresql://u@db.example/site")
        let open = plain.encryption(server(address: "198.51.100.7"))
        #expect(open.level == .fix && open.message.hasPrefix("none to 198.51.100.7"))
        #expect(plain.encryption(server()).level == .ok)
        let weak = try health("postgresql://u@db.example/site?sslmode=verify-ca")
        #expect(weak.encryption(server(tls: "TLSv1.3", address: "198.51.100.7")).level == .note)
    }
}
