import Foundation

@testable import AuthAPI
@testable import PostgresClient

/// A PgBouncer in front of the tests' PostgreSQL, with its socket in a separate folder.
struct TestPgBouncer: Sendable {
    /// The folder with settings, socket and log.
    let directory: URL

    /// Runs `body` with a PgBouncer that ends afterwards; `settings` extend or replace the defaults.
    static func with<Value>(
        _ mode: String,
        settings: [String: String] = [:],
        _ body: (TestPgBouncer) async throws -> Value
    ) async throws -> Value {
        let program = "/usr/sbin/pgbouncer"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw TestCommand.Failure(description: "PgBouncer is missing: run the tests with `make test`.")
        }
        let bouncer = TestPgBouncer(directory: URL(filePath: "/tmp/yoshikosan-" + TestDatabase.randomName()))
        try FileManager.default.createDirectory(at: bouncer.directory, withIntermediateDirectories: true)
        let result: Result<Value, any Error>
        do {
            try await bouncer.write(mode, settings)
            let prefix = try await TestPostgres.unprivileged(bouncer.directory)
            try await TestCommand.run(prefix + [program, "--quiet", "--daemon", bouncer.file("pgbouncer.ini")])
            try await bouncer.watch()
            try await bouncer.started()
            result = .success(try await body(bouncer))
        } catch {
            result = .failure(error)
        }
        // SIGTERM has no effect: PgBouncer has inherited the signals that this process blocks. It keeps no data.
        _ = try? await TestCommand.run(["sh", "-c", "kill -KILL $(cat \"$0\")", bouncer.file("pid")])
        try? FileManager.default.removeItem(at: bouncer.directory)
        return try result.get()
    }

    /// The configuration for a database through it, with a pool of two.
    func configuration(_ database: TestDatabase, options: String = "") async throws -> PostgresConfiguration {
        let name = try await database.sql("SELECT current_database()") ?? ""
        let user = try await database.sql("SELECT current_user") ?? ""
        var configuration = try PostgresConfiguration(
            url: "host=\(directory.path()) port=6432 user=\(user) dbname=\(name) \(options)"
        )
        configuration.poolSize = 2
        return configuration
    }

    private func file(_ name: String) -> String { directory.appending(path: name).path() }

    private func write(_ mode: String, _ settings: [String: String]) async throws {
        let admin = try PostgresConfiguration(url: TestDatabase.serverURL())
        func ask(_ text: String) async throws -> String { try await TestSQL.run(text, on: admin) ?? "" }
        let user = try await ask("SELECT current_user")
        let server = "host=\(try await ask("SHOW unix_socket_directories")) port=\(try await ask("SHOW port"))"
        let all = [
            "listen_addr": "", "listen_port": "6432", "unix_socket_dir": directory.path(), "pool_mode": mode,
            "auth_type": "trust", "auth_file": file("users"), "pidfile": file("pid"), "logfile": file("log"),
            "max_client_conn": "200",
        ].merging(settings) { $1 }
        let lines = all.map { "\($0.key) = \($0.value)\n" }.sorted().joined()
        let ini = "[databases]\n* = \(server)\n[pgbouncer]\n\(lines)"
        try ini.write(toFile: file("pgbouncer.ini"), atomically: false, encoding: .utf8)
        let users = "\"\(user)\" \"\"\n\"\(TestDatabase.servingRole)\" \"\"\n"
        try users.write(toFile: file("users"), atomically: false, encoding: .utf8)
    }

    /// Waits until it listens and can be stopped, both of which happen after its start.
    private func started() async throws {
        try await eventually("PgBouncer listens") {
            [".s.PGSQL.6432", "pid"].allSatisfy { FileManager.default.fileExists(atPath: file($0)) }
        }
    }

    /// Ensures that it ends even if this process is killed.
    private func watch() async throws {
        let script = """
            while kill -0 \(ProcessInfo.processInfo.processIdentifier) && [ -d "$0" ]; do sleep 1; done
            [ -d "$0" ] || exit 0
            kill -KILL "$(cat "$0/pid")"
            rm -rf "$0"
            """
        try await TestCommand.run(["sh", "-c", "{ \(script)\n} >/dev/null 2>&1 &", directory.path()])
    }
}
