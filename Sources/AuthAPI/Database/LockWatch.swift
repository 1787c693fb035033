import Logging
import PostgresClient
import Synchronization

/// A session that blocks another one.
struct LockHolder: Sendable, Equatable, CustomStringConvertible {
    /// The server process; 0 for a prepared transaction.
    let pid: Int32
    let application: String?
    let role: String?
    /// The first word of its latest statement, if this role may see it: `COPY`, `ALTER`.
    let command: String?
    /// The age of its transaction in seconds.
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

/// Finds the sessions that block a migration while it waits, over a separate connection.
final class LockWatch: Sendable {
    private struct State {
        var pid: Int32?
        var holders: [LockHolder] = []
    }

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let state = Mutex(State())

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration.single(for: "watch", waitingUpTo: .seconds(2))
        self.logger = logger
    }

    /// The most recently seen sessions.
    var holders: [LockHolder] { state.withLock(\.holders) }

    /// Sets the session to watch.
    func watch(_ pid: Int32) { state.withLock { $0 = State(pid: pid) } }

    /// Runs `body`, and updates ``holders`` if it takes long.
    func during<Value>(_ body: () async throws -> Value) async throws -> Value {
        let checking = Task { await checkHolders() }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        checking.cancel()
        await checking.value
        return try result.get()
    }

    /// Checks every fifth of a second until the task is cancelled.
    private func checkHolders() async {
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

/// Selects the server process of this connection.
struct FindProcess: Statement {
    static let sql: StaticString = "SELECT pg_backend_pid()"
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}

/// Selects the sessions that block another one.
///
/// The text of a statement may contain values, so only its first word is read.
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
