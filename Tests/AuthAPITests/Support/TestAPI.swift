import AsyncHTTPClient
import Configuration
import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import Shared
import Testing

@testable import AuthAPI

/// The whole API, serving real HTTP on a free port, on a separate database.
struct TestAPI: Sendable {
    /// A valid `SECRET_KEY`.
    static let secretKey = "k3Jx9-Qm2Vt7_Zr5Lw8Yp1Nc6Hd4Fb0Sg"
    static let secretKeys = SecretKeys(Secret(secretKey))

    let port: Int
    let app: App
    let database: TestDatabase
    let clock: TestClock
    let logs: LogRecorder

    /// Runs `body` with a server that ends with it.
    static func with(
        _ environment: [String: String] = [:],
        migrated: Bool = true,
        _ body: @Sendable (TestAPI) async throws -> Void
    ) async throws {
        try await TestDatabase.with(migrated: migrated) { database in
            try await with(environment, database: database, body)
        }
    }

    /// Runs `body` with a server on the given database, without the site's time limits unless `disablesTimeLimits` is
    /// false: a busy machine is not an outage.
    static func with(
        _ environment: [String: String] = [:],
        database: TestDatabase,
        databaseURL: String? = nil,
        clock: TestClock = TestClock(),
        disablesTimeLimits: Bool = true,
        _ body: @Sendable (TestAPI) async throws -> Void
    ) async throws {
        let logs = LogRecorder()
        let logger = Logger(label: "test") { _ in
            JSONLogHandler(format: .json, logLevel: .trace, write: logs.append)
        }
        var environment = environment
        if databaseURL == nil, database.servingURL != nil { environment["MIGRATION_DATABASE_URL"] = database.url }
        var settings = try settings(
            environment,
            databaseURL: databaseURL ?? database.servingURL ?? database.url
        )
        if disablesTimeLimits { settings.database.serving = settings.database.serving.withoutLimits }
        let app = try await App(settings: settings, logger: logger, now: clock.now, sleep: clock.sleep)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = app.server { channel in
            continuation.yield(channel.localAddress?.port ?? 0)
            continuation.finish()
        }
        let group = ServiceGroup(
            configuration: .init(services: app.backgroundServices + [.init(service: server)], logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // If the server cannot start, the test must not wait for its port.
                defer { continuation.finish() }
                try await group.run()
            }
            guard let port = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                return
            }
            let api = TestAPI(port: port, app: app, database: database, clock: clock, logs: logs)
            let result: Result<Void, any Error>
            do { result = .success(try await body(api)) } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    /// Settings for tests: cheap hashes, a free port, and those of the test.
    static func settings(_ environment: [String: String], databaseURL: String) throws -> APISettings {
        let defaults = [
            "SECRET_KEY": secretKey, "DATABASE_URL": databaseURL, "API_HOST": "127.0.0.1",
            "MIGRATE_ON_START": "false", "ARGON2_MEMORY_KIB": "8192", "ARGON2_ITERATIONS": "1", "HASHING_THREADS": "2",
            "DATABASE_POOL_SIZE": "2",
        ]
        let values = defaults.merging(environment) { _, new in new }
        let provider = EnvironmentVariablesProvider(environmentVariables: values)
        let limits = ProcessLimits(processors: 64, memory: nil)
        var settings = try APISettings(from: SettingsReader(ConfigReader(provider: provider)), within: limits)
        // The system chooses a port.
        settings.port = 0
        return settings
    }

    /// A browser without cookies yet.
    func client() -> TestClient { TestClient(api: self) }

    /// A browser that has just registered.
    func registered(
        email: String = "ada@example.com",
        password: String = "Correct-Horse-7",
        name: String = "Ada"
    ) async throws -> TestClient {
        let client = client()
        let response = try await client.post(
            APIPath.register,
            ["email": email, "password": password, "name": name]
        )
        try #require(response.status == 201)
        return client
    }
}

/// The real time plus an offset, which tests change.
final class TestClock: Sendable {
    /// Waits for a response as long as a test can take: a busy machine is not an attack.
    static let longSleep: @Sendable (Duration) async throws -> Void = { _ in try await Task.sleep(for: .seconds(60)) }

    /// The clock of requests to providers.
    let sleep: @Sendable (Duration) async throws -> Void
    private let offset = Locked<TimeInterval>(0)

    init(sleep: @escaping @Sendable (Duration) async throws -> Void = TestClock.longSleep) { self.sleep = sleep }

    /// The API's time: the real time plus an offset.
    var now: @Sendable () -> Date { { [offset] in Date.now.addingTimeInterval(offset.value) } }

    /// Moves the clock.
    func advance(by seconds: TimeInterval) { offset.update { $0 += seconds } }
}

/// Stores every log line.
final class LogRecorder: Sendable {
    private let lines = Locked<[String]>([])

    var append: @Sendable ([UInt8]) -> Void {
        { [lines] line in lines.update { $0.append(String(decoding: line, as: UTF8.self)) } }
    }

    /// The lines so far.
    var all: [String] { lines.value }
}
