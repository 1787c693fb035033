import ArgumentParser
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
        let settings = try FrontendSettings.readOrExit()
        JSONLogHandler.bootstrap(settings.common)
        do {
            try await buildServer(settings).run()
        } catch {
            let status = ListenFault.report(error, host: settings.host, port: settings.port, setting: .frontendPort)
            throw status.map { ExitCode($0) } ?? error
        }
    }
}

/// Checks the settings and does nothing else.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check all settings; exit status 78 when any is wrong.")

    func run() async throws {
        _ = try FrontendSettings.readOrExit()
        print("The settings are complete and valid.")
    }
}

/// Asks the running server whether it lives.
struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask the running server whether it is healthy; exit status 69 when it is not."
    )

    @Option(help: "The address to ask; by default this machine's FRONTEND_PORT.")
    var url: String?

    func run() async throws {
        let address: String
        if let url {
            address = url
        } else {
            address = "http://127.0.0.1:\(try FrontendSettings.readOrExit().port)\(SitePath.liveness)"
        }
        guard let fault = await HealthCheck.fault(at: address) else { return }
        StandardError.print("\(fault)")
        throw ExitCode(HealthCheck.unavailableStatus)
    }
}
