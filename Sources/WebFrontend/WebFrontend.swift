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
    static let configuration = CommandConfiguration(abstract: "Serves the pages (the default).")

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
    static let configuration = CommandConfiguration(
        abstract: "Checks all settings; lists every invalid one and exits with status 78 if there is any."
    )

    func run() async throws {
        _ = try FrontendSettings.readOrExit()
        UnknownSettings.report()
        print("All settings are valid.")
    }
}

/// Asks the running server whether it lives.
struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Checks whether the running server is healthy; exits with status 69 if it is not."
    )

    @Option(help: "The URL to check; by default the frontend at FRONTEND_HOST and FRONTEND_PORT.")
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
