import ArgumentParser
import Logging
import ServiceLifecycle
import Shared

/// The program: pages for browsers, based on the authentication API.
@main
struct WebFrontend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "WebFrontend",
        abstract: "Serves the pages of the site.",
        version: Version.current,
        subcommands: [Serve.self, CheckConfig.self, HealthCheckCommand.self, Texts.self],
        defaultSubcommand: Serve.self
    )

    static func main() async {
        StandardDescriptors.open()
        await main(nil)
    }
}

/// Serves until the stop signal.
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

/// Checks the settings.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks all settings; lists every invalid one and exits with status 78 if there is any."
    )

    func run() async throws {
        _ = try FrontendSettings.readOrExit()
        UnknownSettings.report()
        try StandardOutput.print("All settings are valid.")
    }
}

/// Prints the texts that `SITE_TEXTS` can replace.
struct Texts: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the texts of the pages, in the format of SITE_TEXTS."
    )

    @Argument(help: "The language: en or ja.")
    var language: String

    func run() throws {
        guard let language = SiteLanguage(exactly: language) else {
            throw ValidationError("The languages are \(SiteLanguage.allCases.map(\.tag).joined(separator: " and ")).")
        }
        let texts =
            switch language {
            case .english: PackageResources.en_json
            case .japanese: PackageResources.ja_json
            }
        try StandardOutput.write(String(decoding: texts, as: UTF8.self))
    }
}

/// Checks the running server.
struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Checks whether the server is running; exits with status 69 if it is not."
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
