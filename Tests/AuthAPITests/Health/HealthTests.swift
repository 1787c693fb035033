import Foundation
import Logging
import ServiceLifecycleTestKit
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D1, D2, D7, E6: health, readiness and the database being away.
@Suite struct HealthTests {
    @Test("E6: /health has status, database, timestamp and version")
    func healthy() async throws {
        try await TestAPI.with { api in
            for path in [APIPath.health, APIPath.readiness] {
                let response = try await api.client().get(path)
                #expect(response.status == 200)
                let body: HealthBody = try response.decoded()
                #expect(body.status == .ok && body.database == .ok && body.version == Version.current)
                #expect(abs(body.timestamp.timeIntervalSinceNow) < 60)
            }
        }
    }

    @Test("E6: readiness is red while the schema is older than the program, liveness is not")
    func outdatedSchema() async throws {
        try await TestAPI.with(migrated: false) { api in
            let client = api.client()
            let ready = try await client.get(APIPath.readiness)
            #expect(ready.status == 503)
            #expect(try ready.decoded(HealthBody.self).database == .outdated)
            #expect(ready.header("Retry-After") != nil)
            #expect(try await client.get(APIPath.liveness).status == 200)
            let login = try await client.post(APIPath.login, ["email": "a@example.com", "password": "x"])
            #expect(login.status == 503)
            try await api.app.migrator.up()
            #expect(try await client.get(APIPath.readiness).status == 200)
        }
    }

    @Test("D2: two servers that start at once on an empty database both become ready")
    func twoReplicas() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database) { first in
                try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database) { second in
                    for api in [first, second] {
                        try await eventually { try await api.client().get(APIPath.readiness).status == 200 }
                    }
                    #expect(
                        try await database.sql("SELECT count(*) FROM yoshikosan_schema_migrations")
                            == "\(Migrations.all.count)"
                    )
                }
            }
        }
    }

    @Test("E7, D7: a server that waits for its database runs, and stops in good order when told to")
    func stopsWhileWaiting() async throws {
        try await TestDatabase.with { database in
            let nowhere = "postgresql://nobody@/nothing?host=/nonexistent"
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database, databaseURL: nowhere) { api in
                let live = try await api.client().get(APIPath.liveness)
                #expect(live.status == 200)
                try await eventually { api.logs.all.contains { $0.contains("database connection failed") } }
            }
        }
    }

    @Test("E7: having brought the schema up to date is no reason to end")
    func startupStays() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let logs = LogRecorder()
            let logger = Logger(label: "test") { _ in
                JSONLogHandler(format: .json, logLevel: .info, write: logs.append)
            }
            let migrator = Migrator(database.configuration, logger: logger)
            let startup = SchemaStartup(migrator: migrator, postgres: database.pool, logger: logger)
            let isFinished = Locked(false)
            try await testGracefulShutdown { trigger in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await startup.run()
                        isFinished.update { $0 = true }
                    }
                    try await eventually { logs.all.contains { $0.contains("schema is current") } }
                    for _ in 0..<100 { await Task.yield() }
                    #expect(!isFinished.value)
                    trigger.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
            #expect(isFinished.value)
        }
    }

    @Test("D7: a database that goes away gives 503 with Retry-After within 3 s, and nothing acknowledged is lost")
    func databaseAway() async throws {
        try await TestPostgres.with { server in
            let database = TestDatabase(
                url: server.url(),
                configuration: try server.configuration(),
                pool: PostgresPool(try server.configuration(), logger: TestDatabase.silentLogger)
            )
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database) { api in
                try await eventually { try await api.client().get(APIPath.readiness).status == 200 }
                let client = try await api.registered(email: "before@example.com")
                try await server.stop()
                let start = ContinuousClock.now
                for response in [
                    try await client.get(APIPath.me),
                    try await api.client().post(APIPath.login, ["email": "a@example.com", "password": "x"]),
                    try await client.get(APIPath.health), try await client.get(APIPath.readiness),
                ] {
                    #expect(response.status == 503)
                    #expect(response.header("Retry-After") != nil)
                }
                // Four answers, each of which may take three seconds.
                #expect(ContinuousClock.now - start < .seconds(12))
                #expect(try await client.get(APIPath.liveness).status == 200)
                // A bad token is refused without the database.
                let garbage = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer a.b.c")])
                #expect(garbage.status == 401)
                try await server.start()
                try await eventually { try await client.get(APIPath.me).status == 200 }
                let login = ["email": "before@example.com", "password": "Correct-Horse-7"]
                #expect(try await api.client().post(APIPath.login, login).status == 200)
            }
            await database.pool.close()
        }
    }
}

/// Repeats a condition until it holds; a failure after 15 seconds.
func eventually(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(15)
    while !(try await condition()) {
        try #require(ContinuousClock.now < deadline, "the condition did not come true in time")
        try await Task.sleep(for: .milliseconds(50))
    }
}
