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
        EventLoops.follow(.current)
        let settings = try APISettings.orExit()
        JSONLogHandler.bootstrap(settings.common)
        let logger = Logger(label: "AuthAPI")
        do {
            try ListenFault.check(settings.addresses)
            UnknownSettings.log(to: logger)
            try await serve(settings, logger)
        } catch {
            let ending = CommandEnding(of: error)
            let explanation = (error as? ListenFault)?.description ?? ending?.explanation
            StandardError.print(explanation ?? "AuthAPI cannot serve: \(error)")
            throw ExitCode(ending?.status ?? HealthCheck.unavailableStatus)
        }
        logger.info("stopped")
    }

    private func serve(_ settings: APISettings, _ logger: Logger) async throws {
        let app = try await App(settings: settings, logger: logger)
        let limit = ShutdownLimit(logger: logger)
        let services = app.backgroundServices + [.init(service: app.server()), .init(service: limit)]
        var configuration = ServiceGroupConfiguration(
            services: services.map { service in
                // When one cannot go on the others end in order, as at a signal: cancelled, each would log an error of its
                // own.
                var service = service
                service.failureTerminationBehavior = .gracefullyShutdownGroup
                return service
            },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // Requests under way have eight seconds to finish, so that the process is gone within ten (E7).
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError where limit.isReached {
            logger.error("stopped with requests under way")
        }
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
            faults.report()
            throw ExitCode(SettingsFaults.exitStatus)
        }
    }
}
