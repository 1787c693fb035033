import ArgumentParser
import Logging
import ServiceLifecycle
import Shared
import UnixSignals

/// Runs the server until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Serves the API (the default).")

    func run() async throws {
        let settings = try APISettings.orExit()
        JSONLogHandler.bootstrap(settings.common)
        let logger = Logger(label: "AuthAPI")
        let app = try await App(settings: settings, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: app.backgroundServices + [.init(service: app.server())],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // Requests under way have eight seconds to finish, so that the process is gone within ten (E7).
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        configuration.maximumCancellationDuration = .seconds(1)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            let status = ListenFault.report(error, host: settings.host, port: settings.port, setting: .apiPort)
            throw status.map { ExitCode($0) } ?? error
        }
        logger.info("stopped")
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
