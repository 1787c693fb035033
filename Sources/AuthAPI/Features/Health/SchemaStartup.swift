import Logging
import ServiceLifecycle

/// Brings the schema up to date when the server starts; meanwhile the server runs and says that it is not ready.
struct SchemaStartup: Service {
    let migrator: Migrator
    let logger: Logger

    /// Tries until the database answers, then waits for the end of the server: a service that finishes while the others
    /// are being stopped would make an orderly end look like a failure.
    ///
    /// - Throws: what makes migrating hopeless, such as an edited migration; the server stops then.
    func run() async throws {
        try await migrate()
        try? await gracefulShutdown()
    }

    private func migrate() async throws {
        try await cancelWhenGracefulShutdown {
            var wait = Duration.milliseconds(250)
            while true {
                do {
                    let applied = try await migrator.up()
                    logger.info("schema is current", metadata: ["applied": .stringConvertible(applied.count)])
                    return
                } catch let error as PostgresError where error.isUnavailable {
                    logger.warning("database is away, migrations wait")
                } catch is CancellationError {
                    // The server was told to stop; the migration's transaction went with its connection.
                    return
                }
                guard (try? await Task.sleep(for: wait)) != nil else { return }
                wait = min(wait * 2, .seconds(5))
            }
        }
    }
}

extension SchemaStartup: CustomStringConvertible {
    /// The name in the log of the service group, which would otherwise write out every migration.
    var description: String { "SchemaStartup" }
}
