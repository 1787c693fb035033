import Foundation
import Logging
import ServiceLifecycleTestKit
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D1, D2, D7, E6: Health, readiness and an unavailable database.
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

    @Test("E6: Not ready, but live, while the schema is older than the program")
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

    @Test("D2: Two servers that start at the same time on an empty database both become ready")
    func twoReplicas() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database) { first in
                try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database) { second in
                    for api in [first, second] {
                        try await eventually("the API is ready") {
                            try await api.client().get(APIPath.readiness).status == 200
                        }
                    }
                    #expect(
                        try await database.sql("SELECT count(*) FROM yoshikosan_schema_migrations")
                            == "\(Migrations.all.count)"
                    )
                }
            }
        }
    }

    @Test("E7, D7: A server that waits for its database runs, and shuts down gracefully")
    func stopsWhileWaiting() async throws {
        try await TestDatabase.with { database in
            let nowhere = "postgresql://nobody@/nothing?host=/nonexistent"
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database, databaseURL: nowhere) { api in
                let live = try await api.client().get(APIPath.liveness)
                #expect(live.status == 200)
                try await eventually("the failure is logged") {
                    api.logs.all.contains { $0.contains("database connection failed") }
                }
            }
        }
    }

    @Test("E7: A server keeps running after migrating the schema")
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
                    try await eventually("the result is logged") {
                        logs.all.contains { $0.contains("schema is current") }
                    }
                    for _ in 0..<100 { await Task.yield() }
                    #expect(!isFinished.value)
                    trigger.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
            #expect(isFinished.value)
        }
    }

    @Test("D7: The database jobs of one request share a time limit", arguments: [(true, 200), (false, 503)])
    func sharedLimit(disablesTimeLimits: Bool, status: Int) async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(database: database, disablesTimeLimits: disablesTimeLimits) { api in
                _ = try await api.registered()
                // Each of the two jobs has enough time for itself.
                try await database.sql(
                    """
                    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        IF coalesce(current_setting('test.slept', true), '') = '' THEN
                            PERFORM set_config('test.slept', 'yes', true), pg_sleep(1.5);
                        END IF;
                        RETURN NEW;
                    END $$;
                    CREATE TRIGGER dawdle BEFORE INSERT ON throttles FOR EACH ROW EXECUTE FUNCTION dawdle();
                    CREATE TRIGGER dawdle BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION dawdle();
                    """
                )
                let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
                let response = try await api.client().post(APIPath.login, login)
                #expect(response.status == status)
                #expect(try await database.sql("SELECT count(*) FROM sessions") == (status == 200 ? "2" : "1"))
            }
        }
    }

    @Test("D7: An unavailable database gives 503 with Retry-After within 3 s, and no acknowledged write is lost")
    func databaseUnavailable() async throws {
        try await TestPostgres.with { server in
            let database = TestDatabase(
                url: server.url(),
                configuration: try server.configuration(),
                pool: PostgresPool(try server.configuration(), logger: TestDatabase.silentLogger)
            )
            try await TestAPI.with(["MIGRATE_ON_START": "true"], database: database, disablesTimeLimits: false) { api in
                try await eventually("the API is ready") { try await api.client().get(APIPath.readiness).status == 200 }
                let client = try await api.registered(email: "before@example.com")
                try await server.stop()
                for request in [
                    { try await client.get(APIPath.me) },
                    { try await api.client().post(APIPath.login, ["email": "a@example.com", "password": "x"]) },
                    { try await client.get(APIPath.health) }, { try await client.get(APIPath.readiness) },
                ] as [() async throws -> TestResponse] {
                    let response = try await expectTime(under: .seconds(3), request)
                    #expect(response.status == 503)
                    #expect(response.header("Retry-After") != nil)
                }
                #expect(try await client.get(APIPath.liveness).status == 200)
                // An invalid token is rejected without the database.
                let garbage = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer a.b.c")])
                #expect(garbage.status == 401)
                try await server.start()
                try await eventually("the session is accepted") { try await client.get(APIPath.me).status == 200 }
                let login = ["email": "before@example.com", "password": "Correct-Horse-7"]
                #expect(try await api.client().post(APIPath.login, login).status == 200)
            }
            await database.pool.close()
        }
    }
}
