import Logging
import PostgresClient
import ServiceLifecycle
import Shared

/// Migrates the schema when the server starts, or only checks the database if another process migrates; meanwhile the
/// server runs and reports that it is not ready.
struct SchemaStartup: Service {
    /// Nil if another process migrates.
    let migrator: Migrator?
    let postgres: PostgresPool
    let logger: Logger
    /// Runs once the schema is current; it cannot fail.
    var whenReady: @Sendable () async -> Void = {}
    /// Gets the reason while the database cannot be used.
    var whileWaiting: @Sendable (String) -> Void = { _ in }

    /// Retries until the database can be used, then waits for the end of the server: a service that ends during
    /// shutdown would look like a failure.
    ///
    /// - Throws: `MigrationError` for faults that cannot be fixed in this database, such as its encoding or an edited
    ///   migration; the server then stops.
    func run() async throws {
        try await prepare()
        try? await gracefulShutdown()
    }

    private func prepare() async throws {
        try await cancelWhenGracefulShutdown {
            var wait = Duration.milliseconds(250)
            var reported = ""
            // The last one used: the explanation of an error names its role.
            var connection = postgres.configuration
            while true {
                do {
                    try await attempt(&connection)
                    await whenReady()
                    return
                } catch is CancellationError {
                    // The server is stopping; closing the connection has rolled back the migration.
                    return
                } catch let error as MigrationError where error.isRepairable {
                    report(.error, error.description, &reported)
                } catch let error as PostgresError where error.kind != .misuse && error.kind != .decoding {
                    let level: Logger.Level = error.isUnavailable && !error.isRefusal ? .warning : .error
                    report(level, DatabaseExplanation(error, connection).text, &reported)
                }
                guard (try? await Task.sleep(for: wait)) != nil else { return }
                wait = min(wait * 2, .seconds(5))
            }
        }
    }

    private func attempt(_ connection: inout PostgresConfiguration) async throws {
        if let migrator {
            connection = migrator.configuration
            let applied = try await migrator.up()
            logger.info("schema is current", metadata: ["applied": .stringConvertible(applied.count)])
        }
        let configuration = postgres.configuration
        connection = configuration
        // Connects directly to get the error of a server that refuses; a job of the pool would only report a timeout.
        var refusal: PostgresError?
        do {
            try await PostgresReach.onThread { try PostgresReach.connect(configuration) }
        } catch let error as PostgresError where error.sqlState?.isExactly("53300") == true {
            // The pool itself may hold the last connections that the server allows.
            refusal = error
        }
        let faults: [DatabaseFault]
        do {
            faults = try await postgres.reading { try DatabaseInspection.faults(on: $0, for: .serving) }
        } catch {
            throw refusal ?? error
        }
        let blocking = faults.filter { $0.weight >= .blocking }
        guard blocking.isEmpty else { throw MigrationError.unfit(blocking) }
        for fault in faults where fault.weight == .advice {
            logger.warning("database needs attention", metadata: ["reason": "\(fault.message)", "fix": "\(fault.fix)"])
        }
        logger.info("database checked")
    }

    /// Logs a reason once.
    private func report(_ level: Logger.Level, _ reason: String, _ reported: inout String) {
        guard reason != reported else { return }
        reported = reason
        whileWaiting(reason)
        logger.log(level: level, "database not ready", metadata: ["reason": "\(reason)"])
    }
}

extension SchemaStartup: CustomStringConvertible {
    /// The name in the log of the service group, which would otherwise print every migration.
    var description: String { "SchemaStartup" }
}
