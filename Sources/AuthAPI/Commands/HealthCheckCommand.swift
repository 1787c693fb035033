import ArgumentParser
import Shared

/// Checks whether a running API is ready: the health check of an image without a shell.
struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Checks whether a running API is ready; exits with status 69 if it is not."
    )

    @Option(help: "The URL to check; by default the readiness of the API at API_HOST and API_PORT.")
    var url: String?

    func run() async throws {
        let address: String
        do {
            let path = APIPath.readiness
            address = try url ?? HealthCheck.url(.apiHost, .apiPort, defaultPort: APISettings.defaultPort, path: path)
        } catch let faults as SettingsFaults {
            throw faults.reported()
        }
        if let fault = await HealthCheck.fault(at: address) {
            StandardError.print(fault)
            throw ExitCode(HealthCheck.unavailableStatus)
        }
    }
}
