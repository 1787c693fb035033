import Foundation

@testable import AuthAPI
@testable import PostgresClient

#if canImport(Glibc)
    import Glibc
#endif

/// A separate PostgreSQL server, for tests that stop, freeze or restart one.
///
/// Lives in a temporary folder with its socket; PostgreSQL refuses to run as root, so root switches to another user first.
struct TestPostgres: Sendable {
    /// The folder with data, socket and log.
    let directory: URL
    /// The port, which also names the socket.
    let port: Int

    private let bin: String
    private let prefix: [String]

    /// Runs `body` with a server, which is always stopped and removed afterwards.
    static func with<Value>(
        settings: [String: String] = [:],
        prepare: (TestPostgres) async throws -> Void = { _ in },
        _ body: (TestPostgres) async throws -> Value
    ) async throws -> Value {
        await TestGate.servers.enter()
        defer { Task { await TestGate.servers.leave() } }
        let server = try await make(settings)
        let result: Result<Value, any Error>
        do {
            try await server.watch()
            try await prepare(server)
            try await server.start()
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        await server.remove()
        return try result.get()
    }

    /// The connection string for the socket.
    func url(database: String = "postgres") -> String {
        "host=\(directory.path()) port=\(port) user=postgres dbname=\(database)"
    }

    /// The configuration, with a pool of two.
    func configuration(database: String = "postgres") throws -> PostgresConfiguration {
        var configuration = try PostgresConfiguration(url: url(database: database))
        configuration.poolSize = 2
        return configuration
    }

    /// Starts the server and waits until it responds.
    func start() async throws {
        let log = directory.appending(path: "log")
        do {
            try await control(["-w", "-l", log.path(), "start"])
        } catch {
            let output = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            throw TestCommand.Failure(description: "PostgreSQL did not start: \(output)")
        }
    }

    /// Stops the server in the fast mode, which closes all connections cleanly.
    func stop() async throws {
        try await control(["-w", "-m", "fast", "stop"])
    }

    /// Stops the server like a crash.
    func crash() async throws {
        try await control(["-w", "-m", "immediate", "stop"])
    }

    /// Suspends every process of the server, which then neither responds nor closes connections.
    func freeze() throws {
        for process in try processes() { kill(process, SIGSTOP) }
    }

    /// Resumes a frozen server.
    func thaw() throws {
        for process in try processes() { kill(process, SIGCONT) }
    }

    /// Writes a file into the data folder, readable by the server only.
    func write(_ text: String, to name: String) throws {
        let file = data.appending(path: name)
        try text.write(to: file, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path())
    }

    /// The data folder.
    var data: URL { directory.appending(path: "data") }

    private func control(_ arguments: [String]) async throws {
        try await TestCommand.run(prefix + ["\(bin)/pg_ctl", "-D", data.path(), "-s"] + arguments)
    }

    /// The postmaster and its children.
    private func processes() throws -> [pid_t] {
        let file = try String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8)
        guard let postmaster = file.split(separator: "\n").first.flatMap({ pid_t($0) }) else { return [] }
        let children = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter {
            let stat = (try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8)) ?? ""
            // The parent is the second field after the name, which stands in parentheses.
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            return fields.count > 1 && pid_t(fields[1]) == postmaster
        }
        return [postmaster] + children
    }

    /// Ensures that the server ends and the folder is removed even if this process is killed.
    private func watch() async throws {
        let script = """
            while kill -0 \(ProcessInfo.processInfo.processIdentifier) && [ -d "$0" ]; do sleep 1; done
            [ -d "$0" ] || exit 0
            kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
            sleep 1
            rm -rf "$0"
            """
        try await TestCommand.run(["sh", "-c", "{ \(script)\n} >/dev/null 2>&1 &", directory.path()])
    }

    private func remove() async {
        try? thaw()
        try? await crash()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Creates the data folder without starting the server.
    private static func make(_ settings: [String: String]) async throws -> TestPostgres {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        guard let version = versions.compactMap({ Int($0) }).max() else {
            throw TestCommand.Failure(description: "PostgreSQL's programs are missing: run the tests with `make test`.")
        }
        // Short, because the path of a socket may have no more than 107 bytes.
        let directory = URL(filePath: "/tmp/yoshikosan-" + TestDatabase.randomName())
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let server = TestPostgres(
            directory: directory,
            port: try freePort(),
            bin: "/usr/lib/postgresql/\(version)/bin",
            prefix: try await unprivileged(directory)
        )
        let fresh = try await FreshData.shared.path(server.prefix, server.bin)
        try await TestCommand.run(server.prefix + ["cp", "-R", fresh, server.data.path()])
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: server.data.path())
        let all = [
            "listen_addresses": "", "port": "\(server.port)", "fsync": "off", "max_connections": "20",
            "unix_socket_directories": directory.path(), "shared_buffers": "16MB", "lc_messages": "C",
            // It inherits the sockets of all running tests, and counts them as its own.
            "max_files_per_process": "16384",
        ].merging(settings) { $1 }
        try server.write(all.map { "\($0.key) = '\($0.value)'\n" }.joined(), to: "postgresql.auto.conf")
        return server
    }

    /// The prefix of a command so that it does not run as root.
    static func unprivileged(_ directory: URL) async throws -> [String] {
        guard geteuid() == 0 else { return [] }
        let mapped = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        if (try? await TestCommand.run(mapped + ["true"])) != nil { return mapped }
        try await TestCommand.run(["chown", "postgres:", directory.path()])
        return ["runuser", "-u", "postgres", "--"]
    }

    /// A free port.
    ///
    /// Below 32768, where the range for outgoing connections starts, of which the other tests open many.
    private static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if status == 0 { return port }
        }
        throw TestCommand.Failure(description: "no port is free")
    }
}

/// The output of `initdb`, created once per test process; copying it is ten times faster.
private actor FreshData {
    static let shared = FreshData()

    private static let folder = "/tmp/yoshikosan-initdb-\(ProcessInfo.processInfo.processIdentifier)"
    private var task: Task<String, any Error>?

    /// The folder, created if necessary; it is deleted when the process ends.
    func path(_ prefix: [String], _ bin: String) async throws -> String {
        let task =
            task
            ?? Task {
                atexit { try? FileManager.default.removeItem(atPath: FreshData.folder) }
                try await TestCommand.run(
                    prefix + [
                        "\(bin)/initdb", "-D", Self.folder, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C.UTF-8", "--no-sync",
                    ]
                )
                return Self.folder
            }
        self.task = task
        return try await task.value
    }
}
