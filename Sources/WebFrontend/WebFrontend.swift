import ArgumentParser
import Logging
import ServiceLifecycle
import Shared

/// The program: pages for browsers, made from what the authentication API answers.
@main
struct WebFrontend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "WebFrontend",
        abstract: "Serves the pages of the site.",
        version: Version.current,
        subcommands: [Serve.self, CheckConfig.self, HealthCheckCommand.self],
        defaultSubcommand: Serve.self
    )
}

/// Serves until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve pages until told to stop (default).")

    func run() async throws {
        EventLoops.follow(.current)
        let settings = try FrontendSettings.readOrExit()
        JSONLogHandler.bootstrap(settings.common)
        do {
            try ListenFault.check(settings.addresses)
            UnknownSettings.log(to: Logger(label: "frontend"))
            try await buildServer(settings).run()
        } catch {
            StandardError.print((error as? ListenFault)?.description ?? "WebFrontend cannot serve: \(error)")
            throw ExitCode(HealthCheck.unavailableStatus)
        }
    }
}

/// Checks the settings and does nothing else.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check all settings; exit status 78 when any is wrong.")

    func run() async throws {
        _ = try FrontendSettings.readOrExit()
        UnknownSettings.report()
        print("The settings are complete and valid.")
    }
}

/// Asks the running server whether it lives.
struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask the running server whether it is healthy; exit status 69 when it is not."
    )

    @Option(help: "The address to ask; by default the frontend at FRONTEND_HOST and FRONTEND_PORT.")
    var url: String?

    func run() async throws {
        let address: String
        do {
            let port = FrontendSettings.defaultPort
            let path = SitePath.liveness
            address = try url ?? HealthCheck.url(.frontendHost, .frontendPort, defaultPort: port, path: path)
        } catch let faults as SettingsFaults {
            faults.report()
            throw ExitCode(SettingsFaults.exitStatus)
        }
        guard let fault = await HealthCheck.fault(at: address) else { return }
        StandardError.print("\(fault)")
        throw ExitCode(HealthCheck.unavailableStatus)
    }
}
