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
        let stop = await StopSignal(logger: logger)
        let app = try await App(settings: settings, logger: logger)
        let server = ServiceGroupConfiguration.ServiceConfiguration(service: app.server())
        let services =
            app.backgroundServices + [
                server, .init(service: stop, successTerminationBehavior: .gracefullyShutdownGroup),
            ]
        var configuration = ServiceGroupConfiguration(
            services: services.map { service in
                // When one cannot go on the others end in order, as at a signal: cancelled, each would log an error of its
                // own.
                var service = service
                service.failureTerminationBehavior = .gracefullyShutdownGroup
                return service
            },
            logger: logger
        )
        // Requests under way have eight seconds to finish, so that the process is gone within ten (E7).
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError where stop.hasArrived {
            logger.error("stopped with requests in progress")
        }
    }
}

/// Listens for the signals that stop the server, from before there is anything to stop; should anything still run nine
/// seconds after one, ends the process.
private final class StopSignal: Service {
    private let signals: UnixSignalsSequence
    private let logger: Logger
    private let arrived = Atomic<Bool>(false)

    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.logger = logger
    }

    /// Whether the server was told to stop.
    var hasArrived: Bool { arrived.load(ordering: .relaxed) }

    func run() async throws {
        let signal = await cancelWhenGracefulShutdown { [signals] () -> UnixSignal? in
            for await signal in signals { return signal }
            return nil
        }
        // Without one the servers end because one of them cannot go on.
        guard signal != nil else { return }
        arrived.store(true, ordering: .relaxed)
        ProcessEnd.force(after: 9) { [logger] in logger.error("stopped with work in progress") }
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
