import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// The requirements on a database, checked with its facts.
@Suite struct DatabaseRequirementsTests {
    private static func facts(
        version: Int32 = 170_002,
        encoding: String = "UTF8",
        isStandby: Bool = false,
        searchPath: String = "\"$user\", public",
        schema: String? = "public",
        tables: [DatabaseFacts.Table] = [],
        historiesElsewhere: [String] = [],
        settings: [String: (value: String, source: String)] = [:]
    ) -> DatabaseFacts {
        DatabaseFacts(
            version: version,
            database: "my \"site\"",
            role: "ada",
            encoding: encoding,
            isStandby: isStandby,
            searchPath: searchPath,
            schema: schema,
            mayCreate: true,
            schemas: ["public"],
            settings: settings.mapValues { .init(value: $0.value, source: $0.source) },
            tables: tables,
            historiesElsewhere: historiesElsewhere,
            hasPLpgSQL: true
        )
    }

    private static func faults(_ facts: DatabaseFacts, collation: (String?, String?)? = nil) -> [DatabaseFault] {
        let state = DescribeServing.State(
            role: "ada",
            history: MigrationHistory(isFormer: false),
            isReadOnly: false,
            missing: "",
            hidden: ""
        )
        var requirements = DatabaseRequirements(facts: facts, purpose: .serving, state: state)
        requirements.collation = collation
        return requirements.faults
    }

    @Test("W52: a good database has no faults")
    func good() {
        #expect(Self.faults(Self.facts()).isEmpty)
        #expect(Self.faults(Self.facts(), collation: ("2.36", "2.36")).isEmpty)
        #expect(Self.faults(Self.facts(), collation: (nil, nil)).isEmpty)
    }

    @Test("W55: A standby is reported, with how to connect to the primary")
    func standby() throws {
        let fault = try #require(Self.faults(Self.facts(isStandby: true)).first)
        #expect(fault.weight == .blocking && fault.subject == "read-only")
        #expect(fault.message.contains("25006") && fault.fix.contains("target_session_attrs=read-write"))
    }

    @Test(
        "W55: The fix for a read-only default depends on its source",
        arguments: [
            ("database", "ALTER DATABASE \"my \"\"site\"\"\" RESET default_transaction_read_only"),
            ("user", "ALTER ROLE \"ada\" RESET default_transaction_read_only"),
            (
                "database user",
                "ALTER ROLE \"ada\" IN DATABASE \"my \"\"site\"\"\" RESET default_transaction_read_only"
            ),
            ("configuration file", "ALTER SYSTEM SET default_transaction_read_only = 'off'; SELECT pg_reload_conf()"),
            ("client", "remove default_transaction_read_only from DATABASE_URL or PGOPTIONS"),
        ]
    )
    func readOnly(source: String, fix: String) throws {
        let facts = Self.facts(settings: [
            "transaction_read_only": ("on", "override"), "default_transaction_read_only": ("on", source),
        ])
        #expect(try #require(Self.faults(facts).first).fix == fix)
    }

    @Test(
        "W53: For a search path without the schema of the tables, the command sets it",
        arguments: ["", "\"$user\"", "auht, ada"]
    )
    func wrongSearchPath(path: String) throws {
        let facts = Self.facts(searchPath: path, schema: nil, historiesElsewhere: ["public"])
        let fault = try #require(Self.faults(facts).first)
        #expect(fault.message.contains("the tables are in the schema public"), "\(fault)")
        #expect(fault.fix == "ALTER ROLE \"ada\" IN DATABASE \"my \"\"site\"\"\" SET search_path = \"public\"")
    }

    @Test("W54: Another program's table that hides a migrated one is reported instead of its missing columns")
    func hidingTable() throws {
        func table(_ schema: String, _ name: String, _ columns: String) -> DatabaseFacts.Table {
            .init(schema: schema, name: name, columns: columns, hidesRows: false, hasPolicy: false)
        }
        let tables = [
            table("public", MigrationHistory.name, MigrationHistory.columns), table("other", "users", "id integer"),
        ]
        let state = DescribeServing.State(
            role: "ada",
            history: MigrationHistory(isFormer: false),
            isReadOnly: false,
            missing: "users",
            hidden: ""
        )
        let facts = Self.facts(searchPath: "other, public", schema: "other", tables: tables)
        var requirements = DatabaseRequirements(facts: facts, purpose: .serving, state: state)
        requirements.changes = ["email", "name"].map { SchemaChange(kind: .missingColumn, name: $0, table: "users") }
        let faults = requirements.faults.filter { $0.weight >= .blocking }
        #expect(faults.count == 1, "\(faults)")
        let fault = try #require(faults.first)
        #expect(fault.message.contains("other.users (id integer) belongs to another program"))
        #expect(fault.fix.hasSuffix("SET search_path = \"public\""))
    }

    @Test("W52: A missing privilege is reported beside a changed column of the same table")
    func privilegeBesideChange() throws {
        let state = DescribeServing.State(
            role: "ada",
            history: MigrationHistory(isFormer: false),
            isReadOnly: false,
            missing: "invites",
            hidden: ""
        )
        var requirements = DatabaseRequirements(facts: Self.facts(), purpose: .serving, state: state)
        requirements.changes = [SchemaChange(kind: .requiredColumn, name: "created_at", table: "invites")]
        let fault = try #require(requirements.faults.first { $0.weight >= .blocking })
        #expect(fault.subject == "privileges" && fault.message.contains("invites"), "\(fault)")
    }

    @Test(
        "W51: The serving role gets a new password only if its password is rejected",
        arguments: [
            ("28P01", "password authentication failed for user \"ada\"", true),
            ("08P01", "SASL authentication failed", true), ("08P01", "no such user: ada", true),
            ("08P01", "PQexec disallowed", false), ("08P01", "unsupported startup parameter: options", false),
            ("08P01", "prepared transactions not allowed in statement pooling mode", false), ("53300", "full", false),
        ]
    )
    func rejectedPassword(sqlState: String, detail: String, isRejected: Bool) {
        var error = PostgresError.unavailable(.refused, detail)
        error.sqlState = sqlState
        #expect(ServingRole.isPasswordRejected(error) == isRejected)
    }

    @Test("W61: The fix for another collation version is REINDEX and REFRESH")
    func collation() throws {
        let fault = try #require(Self.faults(Self.facts(), collation: ("2.31", "2.36")).first)
        #expect(fault.weight == .advice && fault.message.contains("2.31") && fault.message.contains("2.36"))
        let database = "\"my \"\"site\"\"\""
        #expect(fault.fix == "REINDEX DATABASE \(database); ALTER DATABASE \(database) REFRESH COLLATION VERSION")
    }

    @Test(
        "W55: Settings that make requests fail are reported with the value and the command for their source",
        arguments: [
            ("default_transaction_isolation", "serializable", "isolation"),
            ("default_transaction_isolation", "repeatable read", "isolation"),
            ("statement_timeout", "10", "time limits"), ("lock_timeout", "1", "time limits"),
            ("transaction_timeout", "5", "time limits"), ("session_replication_role", "replica", "triggers"),
        ]
    )
    func settings(name: String, value: String, subject: String) throws {
        let faults = Self.faults(Self.facts(settings: [name: (value, "database")]))
        let fault = try #require(faults.first { $0.subject == subject })
        #expect(fault.weight == .advice && fault.message.contains(name) && fault.message.contains(value))
        #expect(fault.fix.hasSuffix("RESET \(name)"))
        let usual = ["default_transaction_isolation": "read committed", "session_replication_role": "origin"]
        let good = Self.facts(settings: [name: (usual[name] ?? "0", "default")])
        #expect(!Self.faults(good).contains { $0.subject == subject })
    }

    @Test("W52: A server that is too old is reported; PostgreSQL 13 is not supported at all")
    func version() throws {
        #expect(try #require(Self.faults(Self.facts(version: 130_012)).first).weight == .unfit)
        let old = try #require(Self.faults(Self.facts(version: 140_015)).first)
        #expect(old.weight == .advice && old.message == "PostgreSQL 14.15 is too old")
        #expect(Self.faults(Self.facts(version: 150_000)).isEmpty)
    }

    @Test("W17: A server that logs values is reported, with the fix")
    func log() throws {
        let facts = Self.facts(settings: [
            "log_statement": ("all", "configuration file"), "log_min_duration_statement": ("-1", "default"),
            "log_parameter_max_length": ("-1", "default"), "log_parameter_max_length_on_error": ("0", "default"),
        ])
        let fault = try #require(Self.faults(facts).first)
        #expect(fault.weight == .note && fault.fix.contains("ALTER SYSTEM SET log_parameter_max_length = 0;"))
    }

    @Test(
        "W52: A search path is parsed like PostgreSQL does",
        arguments: [
            ("\"$user\", public", ["ada", "public"]), ("auth", ["auth"]), ("", []),
            ("\"Sign, in\",x", ["Sign, in", "x"]),
            ("\"a\"\"b\"", ["a\"b"]), ("\"\"", []), ("\"a,\u{301}b\", c", ["a,\u{301}b", "c"]),
        ]
    )
    func searchPath(path: String, schemas: [String]) {
        #expect(SQLName.schemas(inSearchPath: path, role: "ada") == schemas)
    }

    @Test(
        "Quotes in names are escaped, also before a combining mark",
        arguments: [("a", "\"a\""), ("a\"b", "\"a\"\"b\""), ("a\"\u{301}; x", "\"a\"\"\u{301}; x\"")]
    )
    func identifier(name: String, quoted: String) {
        #expect(SQLName.identifier(name).utf8.elementsEqual(quoted.utf8))
    }

    @Test(
        "The name of a database is escaped as libpq requires",
        arguments: [("a'b\\c", "a\\'b\\\\c"), ("a'\u{301}", "a\\'\u{301}")]
    )
    func databaseOption(name: String, escaped: String) {
        let option = DatabaseClientCommand.option(name)
        #expect(option.utf8.elementsEqual("--dbname=dbname='\(escaped)'".utf8))
    }

    @Test("W54: The tables of migrations, and what reverting deletes, are read from the files")
    func tables() {
        let tables = Migrations.all.flatMap(\.tables)
        #expect(tables.starts(with: ["users", "oauth_accounts", "sessions", "throttles", "audit_events"]))
        #expect(Migrations.all[0].dropped.contains("DROP TABLE users"))
        #expect(Migrations.all[3].dropped.contains("DROP TABLE audit_events"))
        #expect(Migrations.all[1].dropped == ["ALTER TABLE oauth_accounts DROP COLUMN email"])
    }

    @Test("W53 W55: Every table of the migrations is in the lists of privileges")
    func lists() {
        let role = String(decoding: PackageResources.serving_role_sql, as: UTF8.self)
        let state = DescribeServing.sql.description
        for table in Migrations.all.flatMap(\.tables) {
            #expect(role.contains("to_regclass('\(table)')"), "\(table)")
            #expect(state.contains("'\(table)'") && state.contains("to_regclass('\(table)')"), "\(table)")
        }
    }

    @Test(
        "W59: Permanent faults are distinguished from temporary ones",
        arguments: [
            ("28P01", "", true), ("28000", "", true), ("3D000", "", true), ("42501", "", true),
            ("08P01", "no such user: eve", true), ("08P01", "query_wait_timeout", false),
            ("57P03", "", false), ("53300", "", false), ("55000", "", false), ("08006", "", false),
            (nil, "server does not support SSL, but SSL was required", true),
            (nil, "SSL error: certificate verify failed", true), (nil, "definition of service \"x\" not found", true),
            (nil, "fe_sendauth: no password supplied", true), (nil, "Connection refused", false),
            (nil, "SSL SYSCALL error: EOF detected", false), (nil, "could not translate host name \"db\"", false),
        ]
    )
    func rejections(state: String?, detail: String, isRefusal: Bool) {
        var error = PostgresError.unavailable(.notConnected, detail)
        error.sqlState = state
        #expect(error.isRefusal == isRefusal)
    }
}
