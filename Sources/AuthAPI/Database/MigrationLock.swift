import Logging
import PostgresClient
import Synchronization

/// A session that holds a lock somebody waits for.
struct LockHolder: Sendable, Equatable, CustomStringConvertible {
    /// The process of the server; 0 for a prepared transaction.
    let pid: Int32
    let application: String?
    let role: String?
    /// The first word of its latest statement, where this role may see it: `COPY`, `ALTER`.
    let command: String?
    /// For how many seconds its transaction has been open.
    let seconds: Int32?

    var description: String {
        guard pid != 0 else { return "a prepared transaction (SELECT * FROM pg_prepared_xacts)" }
        let parts = [
            application.flatMap { $0.isEmpty ? nil : "application \($0)" }, role.map { "role \($0)" }, command,
            seconds.map { "\($0) s" },
        ].compactMap(\.self)
        return "pid \(pid)" + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
    }
}

/// Finds out which sessions a migration waits for, over a connection of its own, while it waits.
final class LockWatch: Sendable {
    private struct State {
        var pid: Int32?
        var holders: [LockHolder] = []
    }

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let state = Mutex(State())

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        var configuration = configuration
        configuration.poolSize = 1
        configuration.applicationName += "-watch"
        configuration.waitTimeout = .seconds(2)
        self.configuration = configuration
        self.logger = logger
    }

    /// The sessions that were seen last.
    var holders: [LockHolder] { state.withLock(\.holders) }

    /// Names the session to watch.
    func watch(_ pid: Int32) { state.withLock { $0 = State(pid: pid) } }

    /// Runs `body`; while it runs for longer than a moment, keeps ``holders`` up to date.
    func during<Value>(_ body: () async throws -> Value) async throws -> Value {
        let looking = Task { await look() }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        looking.cancel()
        await looking.value
        return try result.get()
    }

    /// Looks every fifth of a second until the task is cancelled.
    private func look() async {
        guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { return }
        let pool = PostgresPool(configuration, logger: logger)
        while !Task.isCancelled {
            if let pid = state.withLock(\.pid),
                let found = try? await pool.withConnection({ try $0.all(FindHolders(pid: pid)) }), !found.isEmpty
            {
                state.withLock { if $0.pid == pid { $0.holders = found } }
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        await pool.close()
    }
}

/// The process that serves this connection.
struct FindProcess: Statement {
    static let sql: StaticString = "SELECT pg_backend_pid()"
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}

/// The sessions that another one waits for.
///
/// The text of a statement may hold values, so only its first word is read.
private struct FindHolders: Statement {
    static let sql: StaticString = """
        SELECT holder, application_name, usename::text, substring(query FROM '^[[:space:]]*([A-Za-z]+)'),
            least(extract(epoch FROM clock_timestamp() - xact_start), 2147483647)::int4
        FROM unnest(pg_blocking_pids($1)) AS holder LEFT JOIN pg_stat_activity ON pid = holder
        """
    let pid: Int32
    var parameters: [PostgresValue] { [.int4(pid)] }
    static func decode(_ row: PostgresRow) throws -> LockHolder {
        LockHolder(
            pid: try row.int4(0),
            application: try row.optionalText(1),
            role: try row.optionalText(2),
            command: try row.optionalText(3),
            seconds: try row.optionalInt4(4)
        )
    }
}
