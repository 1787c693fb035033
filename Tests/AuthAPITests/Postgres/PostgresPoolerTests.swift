import Foundation
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W50, W51: a real PgBouncer between the API and the server.
@Suite struct PostgresPoolerTests {
    private typealias S = TestStatements

    /// Few server connections, used in turn, so that transactions see the leftovers of others.
    private static let mixing = ["default_pool_size": "3", "server_round_robin": "1"]

    private struct SelectNote: ReadStatement {
        static let sql: StaticString = "SELECT id FROM notes WHERE id = $1"
        let id: Int32
        var parameters: [PostgresValue] { [.int4(id)] }
        static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
    }

    private struct CountNotes: SharedRead {
        typealias Key = Int
        typealias Value = Int64
        static let sql: StaticString = """
            SELECT asked.place, (SELECT count(*) FROM notes) FROM unnest($1) WITH ORDINALITY AS asked (key, place)
            """
        let keys: [Int]
        init(_ keys: [Int]) { self.keys = keys }
        var parameters: [PostgresValue] { [.bytesArray(keys.map { [UInt8($0)] })] }
        static func decode(_ row: PostgresRow) throws -> (place: Int, value: Int64) {
            (Int(try row.int8(0)) - 1, try row.int8(1))
        }
    }

    /// Two pools, like those of two API processes, do everything that an API does without failures and leftovers.
    @Test("W50: Transaction mode, configured or detected", arguments: [DatabasePooler.automatic, .transaction])
    func transactionMode(pooler: DatabasePooler) async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("transaction", settings: Self.mixing) { bouncer in
                var configuration = try await bouncer.configuration(database)
                configuration.poolSize = 4
                configuration.pooler = pooler
                let pools = (0..<2).map { _ in PostgresPool(configuration, logger: TestDatabase.silentLogger) }
                try await pools[0].withConnection { _ = try $0.run(S.MakeNotes()) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<120 {
                        let pool = pools[index % 2], id = Int32(index)
                        group.addTask {
                            try await pool.withConnection { _ = try $0.run(S.AddNote(id: id)) }
                            #expect(try await pool.reading { try $0.one(SelectNote(id: id)) } == id)
                            #expect(try await pool.lookUp(CountNotes.self, for: Int(id)) ?? 0 > 0)
                            try await pool.transaction(retrying: true) { db in
                                try db.run(S.AddNote(id: 1000 + id))
                                _ = try db.one(SelectNote(id: 1000 + id))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await database.sql("SELECT count(*) FROM notes") == "240")
                try await Self.checkNothingIsLeft(bouncer, database)
                for pool in pools { await pool.close() }
            }
        }
    }

    /// The leftovers of our sessions on shared connections.
    private static func checkNothingIsLeft(_ bouncer: TestPgBouncer, _ database: TestDatabase) async throws {
        let configuration = try await bouncer.configuration(database)
        for _ in 0..<6 {
            try await TestCommand.onThread {
                var configuration = configuration
                configuration.pooler = .transaction
                let link = try PostgresLink(configuration)
                func query(_ text: String) throws -> String? {
                    try text.withCString { try link.run($0, name: "test") }.text(row: 0, column: 0)
                }
                #expect(try query("SELECT count(*) FROM pg_prepared_statements") == "0")
                #expect(try query("SHOW statement_timeout") == "0")
                #expect(try query("SHOW lock_timeout") == "0")
                #expect(try query("SHOW default_transaction_isolation") == "read committed")
            }
        }
    }

    @Test("W50: Migrations work, and two concurrent migrators apply each once")
    func migrations() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("transaction", settings: Self.mixing) { bouncer in
                let configuration = try await bouncer.configuration(database)
                let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            try await Migrator(configuration, logger: TestDatabase.silentLogger).up().count
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(applied == Migrations.all.count)
                let migrator = Migrator(configuration, logger: TestDatabase.silentLogger)
                #expect(try await migrator.status().allSatisfy { $0.state == .applied })
                _ = try await migrator.down()
                #expect(try await migrator.up().count == 1)
            }
        }
    }

    @Test("W50: The limits of a migration apply to each of its transactions")
    func migrationLimits() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let name = try await database.sql("SELECT current_database()") ?? ""
            try await database.sql("ALTER DATABASE \(name) SET statement_timeout = 100")
            try await TestPgBouncer.with("transaction") { bouncer in
                let slow = Migration(version: 1, name: "test", up: Array("SELECT pg_sleep(0.3);".utf8), down: [])
                let configuration = try await bouncer.configuration(database)
                let migrator = Migrator(configuration, migrations: [slow], logger: TestDatabase.silentLogger)
                #expect(try await migrator.up().count == 1)
            }
        }
    }

    @Test("W12: A statement is cancelled, and both connections are kept")
    func cancelling() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("transaction", settings: ["default_pool_size": "1"]) { bouncer in
                var configuration = try await bouncer.configuration(database)
                configuration.poolSize = 1
                configuration.jobTimeout = .seconds(2)
                configuration.waitTimeout = .seconds(30)
                try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                    try await eventually("the pool is connected") { pool.isConnected }
                    let backend = try await pool.reading { try $0.one(S.BackendPID()) }
                    for _ in 0..<2 {
                        let error = await #expect(throws: PostgresError.self) {
                            _ = try await pool.withConnection { try $0.run(S.Sleep(milliseconds: 60_000)) }
                        }
                        #expect(error?.kind == .unavailable(.noResponse))
                        #expect(try await pool.reading { try $0.one(S.BackendPID()) } == backend)
                    }
                    #expect(pool.snapshot.connects == 1)
                }
            }
        }
    }

    @Test("A pool that closes while it connects logs no failure")
    func closesWhileConnecting() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("transaction", settings: ["default_pool_size": "1"]) { bouncer in
                let configuration = try await bouncer.configuration(database)
                let gate = Gate()
                let holder = PostgresPool(configuration, logger: TestDatabase.silentLogger)
                let holds = Task { try await holder.transaction { _ in gate.wait() } }
                await gate.entered()
                // The pooler accepts the connection, but has no server for its first statement.
                let logs = LogRecorder()
                let logger = Logger(label: "test") { _ in
                    JSONLogHandler(format: .json, logLevel: .info, write: logs.append)
                }
                let pool = PostgresPool(configuration, logger: logger)
                try await Task.sleep(for: .milliseconds(300))
                await pool.close()
                #expect(logs.all.isEmpty, "\(logs.all)")
                gate.open()
                _ = try? await holds.value
                await holder.close()
            }
        }
    }

    /// By default, PgBouncer rejects the startup parameter `options`.
    @Test("W51: Session mode, with prepared statements and settings as without a pooler")
    func sessionMode() async throws {
        struct Prepared: ReadStatement {
            static let sql: StaticString = "SELECT count(*) FROM pg_prepared_statements"
            static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
        }
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("session") { bouncer in
                var configuration = try await bouncer.configuration(database)
                configuration.pooler = .session
                try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                    let settings = try await pool.reading { db in
                        try ["statement_timeout", "TimeZone"].map { try db.one(S.Setting(name: $0)) }
                    }
                    #expect(settings == ["2500ms", "UTC"])
                    let prepared = try await pool.reading { db in (try db.one(Prepared()), try db.one(Prepared())) }
                    #expect(prepared.1 >= 1)
                }
                configuration.pooler = .automatic
                try await PostgresPool.with(configuration, logger: TestDatabase.silentLogger) { pool in
                    let prepared = try await pool.reading { db in (try db.one(Prepared()), try db.one(Prepared())) }
                    #expect(prepared.1 == 0)
                }
            }
        }
    }

    @Test("W50: Statement mode, which has no transactions, is rejected with the pooler's message")
    func statementMode() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("statement") { bouncer in
                let error = try await Self.rejection(try await bouncer.configuration(database))
                #expect(error?.detail.contains("statement pooling mode") == true)
                #expect(error?.connectionFix(role: nil, database: nil) == "set pool_mode = transaction in PgBouncer")
            }
        }
    }

    @Test("W50: A pooler that rejects the simple protocol is refused at once, with the setting to change")
    func noSimpleProtocol() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestPgBouncer.with("transaction", settings: ["disable_pqexec": "1"]) { bouncer in
                let error = try await Self.rejection(try await bouncer.configuration(database))
                #expect(error?.connectionFix(role: nil, database: nil) == "set disable_pqexec = 0 in PgBouncer")
            }
        }
    }

    /// Settings that cannot be set for a transaction of one statement.
    @Test("W50: An unsupported default isolation level is rejected with the command that fixes it")
    func isolation() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let name = try await database.sql("SELECT current_database()") ?? ""
            try await database.sql("ALTER DATABASE \(name) SET default_transaction_isolation = 'serializable'")
            try await TestPgBouncer.with("transaction") { bouncer in
                let error = try await Self.rejection(try await bouncer.configuration(database))
                #expect(error?.detail.contains("default_transaction_isolation is serializable") == true)
                #expect(error?.detail.contains("ALTER ROLE") == true)
            }
        }
    }

    @Test("W51: `options` without effect are rejected, by PgBouncer or by us", arguments: [false, true])
    func options(ignored: Bool) async throws {
        try await TestDatabase.with(migrated: false) { database in
            let settings = ignored ? ["ignore_startup_parameters": "options"] : [:]
            try await TestPgBouncer.with("transaction", settings: settings) { bouncer in
                let configuration = try await bouncer.configuration(database, options: "options='-c search_path=auth'")
                #expect(try await Self.rejection(configuration)?.detail.contains("options") == true)
            }
        }
    }

    /// The permanent error of a connection.
    private static func rejection(_ configuration: PostgresConfiguration) async throws -> PostgresError? {
        try await TestCommand.onThread {
            let error = #expect(throws: PostgresError.self) { _ = try PostgresLink(configuration) }
            #expect(error?.kind == .unavailable(.refused))
            return error
        }
    }
}
