import Glibc
package import Logging
import SystemThreads
import Synchronization

/// Resolves a connection string, and checks whether the server accepts the connection.
package enum PostgresReach {
    /// The role that libpq would use; it fills in missing parts (service file, environment, system user).
    package struct Resolved: Sendable {
        package let user: String
        package let password: String?
        package let database: String?
    }

    /// Waits until the server accepts the connection, for as long as the configuration waits for one.
    ///
    /// - Throws: `PostgresError` with the message of the server or of libpq; at once when waiting cannot help, such as
    ///   after a wrong password. `CancellationError` when the task is cancelled.
    package static func wait(for configuration: PostgresConfiguration, logger: Logger) async throws {
        let end = configuration.waitTimeout.map { ContinuousClock.now + $0 }
        var pause = Duration.milliseconds(100)
        var hasLogged = false
        while true {
            do {
                return try await onThread { try connect(configuration) }
            } catch let error as PostgresError {
                if error.isRefusal { throw error }
                if let end, ContinuousClock.now + pause >= end { throw error }
                if !hasLogged { logger.warning("waiting for the database", metadata: ["reason": "\(error.detail)"]) }
                hasLogged = true
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Connects and disconnects; an error has the server's SQLSTATE.
    package static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) {
        _ = try PostgresLink(configuration)
    }

    /// Connects, and returns the role whose privileges the session has; an error has the server's SQLSTATE.
    package static func sessionRole(of configuration: PostgresConfiguration) throws(PostgresError) -> String {
        let link = try PostgresLink(configuration)
        link.deadline = Deadline.now.adding(configuration.connectLimit)
        let sql = Array("SELECT current_user".utf8CString)
        guard let role = try unsafe link.run(sql, name: "FindSessionRole").text(row: 0, column: 0) else {
            throw PostgresError(kind: .decoding, detail: "the session has no role")
        }
        return role
    }

    /// The connection string as libpq reads it; throws `PostgresError` when it is invalid.
    package static func resolve(_ configuration: PostgresConfiguration) throws(PostgresError) -> Resolved {
        guard let start = ConnectionStart(configuration) else { throw .unavailable(.notConnected, "out of memory") }
        guard let user = start.user else { throw .unavailable(.notConnected, start.message) }
        return Resolved(user: user, password: start.password, database: start.database)
    }

    /// Runs blocking work on a separate thread; a cancelled task does not wait for its end.
    ///
    /// Throws what `body` throws, `SystemThread.Failure` when the system refuses a thread, and `CancellationError`.
    package static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        let outcome = Outcome<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                outcome.set(continuation)
                guard !Task.isCancelled else { return outcome.resume(.failure(CancellationError())) }
                do {
                    let thread = try SystemThread.start { outcome.resume(Result { try body() }) }
                    pthread_detach(thread)
                } catch {
                    outcome.resume(.failure(error))
                }
            }
        } onCancel: {
            outcome.resume(.failure(CancellationError()))
        }
    }
}

/// Resumes a continuation once, with the first result.
private final class Outcome<Value: Sendable>: Sendable {
    private let continuation = Mutex<CheckedContinuation<Value, any Error>?>(nil)

    func set(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation.withLock { $0 = continuation }
    }

    func resume(_ result: Result<Value, any Error>) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(with: result)
    }
}

extension PostgresError {
    /// Whether a connection failed for a reason that waiting does not change: wrong password, unknown role or database,
    /// a rule of `pg_hba.conf`, TLS that only one side requires, an undefined service.
    package var isRefusal: Bool {
        if kind == .unavailable(.refused) { return true }
        guard kind == .unavailable(.notConnected) else { return false }
        if let sqlState {
            if sqlState == "08P01" { return Self.isPoolerRefusal(detail) }
            // Temporary: no connection free (53), a server that starts or stops (57), a database that is closed (55).
            return !["08", "53", "55", "57", "58", "XX"].contains(sqlState.prefix(2))
        }
        // libpq's messages, which it does not translate here.
        let refusals = [
            "does not support SSL", "SSL error", "certificate", "no password supplied", "authentication method",
            "channel binding", "SCRAM", "encryption required", "requirepeer", "service file", "definition of service",
            "invalid ", "private key",
        ]
        return !detail.contains("SYSCALL") && refusals.contains { detail.contains($0) }
    }

    /// Whether a server responded that is not in the state that `target_session_attrs` requires, such as a standby.
    package var isWrongServer: Bool {
        let states = ["hot standby mode", "session is read-only", "session is not read-only"]
        return kind == .unavailable(.notConnected) && states.contains { detail.contains($0) }
    }

    /// Whether PgBouncer's message, which it never translates, is about settings or a password.
    ///
    /// Its code is 08P01 for almost every error, including temporary ones: `no more connections allowed
    /// (max_client_conn)`, `server login has been failing, try again later (server_login_retry)`.
    static func isPoolerRefusal(_ message: String) -> Bool {
        let refusals = [
            "unsupported startup parameter", "no such ", "authentication failed", "login failed", "login rejected",
            "not allowed", "PQexec disallowed", "use SHOW HELP",
        ]
        return refusals.contains { message.contains($0) }
    }
}
