import ArgumentParser
import Logging
import ServiceLifecycle
import Shared
import Synchronization
import UnixSignals

/// Runs the server until the stop signal.
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
        let stop = await StopSignal(logger: logger)
        let app = try await App(settings: settings, logger: logger)
        let server = ServiceGroupConfiguration.ServiceConfiguration(service: app.server())
        let services =
            app.backgroundServices + [
                server, .init(service: app.startup),
                .init(service: stop, successTerminationBehavior: .gracefullyShutdownGroup),
            ]
        var configuration = ServiceGroupConfiguration(
            services: services.map { service in
                // When a service fails, the others shut down gracefully: if cancelled, each would log an error.
                var service = service
                service.failureTerminationBehavior = .gracefullyShutdownGroup
                return service
            },
            logger: logger
        )
        // Running requests have eight seconds to finish, so that the process ends within ten (E7).
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError where stop.hasArrived {
            logger.error("stopped with requests in progress")
        }
    }
}

/// Handles the stop signals, starting before the services; ends the process if it still runs nine seconds after a
/// signal.
private final class StopSignal: Service {
    private let signals: UnixSignalsSequence
    private let logger: Logger
    private let arrived = Atomic<Bool>(false)

    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.logger = logger
    }

    /// Whether there was a stop signal.
    var hasArrived: Bool { arrived.load(ordering: .relaxed) }

    func run() async throws {
        let signal = await cancelWhenGracefulShutdown { [signals] () -> UnixSignal? in
            for await signal in signals { return signal }
            return nil
        }
        // Without a signal, the services end because one of them failed.
        guard signal != nil else { return }
        arrived.store(true, ordering: .relaxed)
        ProcessEnd.force(after: 9) { [logger] in logger.error("stopped with work in progress") }
    }
}

extension APISettings {
    /// The settings; prints all faults to standard error and exits with status 78 if there are any.
    static func orExit() throws -> APISettings {
        do {
            return try APISettings()
        } catch let faults as SettingsFaults {
            throw faults.reported()
        }
    }
}
