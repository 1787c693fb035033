import ArgumentParser
import Logging
import ServiceLifecycle
import Shared
import Synchronization
import UnixSignals

/// Runs the server until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Serves the API (the default).")

    func run() async throws {
        let settings = try APISettings.orExit()
        JSONLogHandler.bootstrap(settings.common)
        let logger = Logger(label: "AuthAPI")
        let app = try await App(settings: settings, logger: logger)
        let limit = ShutdownLimit(logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: app.backgroundServices + [.init(service: app.server()), .init(service: limit)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // Requests under way have eight seconds to finish, so that the process is gone within ten (E7).
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError where limit.isReached {
            logger.error("stopped with requests under way")
        } catch let error as MigrationError {
            guard let ending = CommandEnding(of: error) else { throw error }
            StandardError.print(ending.explanation)
            throw ExitCode(ending.status)
        } catch {
            let status = ListenFault.report(error, host: settings.host, port: settings.port, setting: .apiPort)
            throw status.map { ExitCode($0) } ?? error
        }
        logger.info("stopped")
    }
}

/// Ends the process ten seconds after it was told to stop, should anything still run then; the last of the services, so
/// that it is the first to be told.
private final class ShutdownLimit: Service {
    private let logger: Logger
    private let reached = Atomic<Bool>(false)

    init(logger: Logger) { self.logger = logger }

    /// Whether the server was told to stop.
    var isReached: Bool { reached.load(ordering: .relaxed) }

    func run() async throws {
        try await gracefulShutdown()
        reached.store(true, ordering: .relaxed)
        ProcessEnd.force(after: 9) { [logger] in logger.error("stopped with work under way") }
    }
}

extension APISettings {
    /// The settings; where any is wrong, lists them all on standard error and ends the process with status 78.
    static func orExit() throws -> APISettings {
        do {
            return try APISettings()
        } catch let faults as SettingsFaults {
            StandardError.print(faults.description)
            throw ExitCode(SettingsFaults.exitStatus)
        }
    }
}
