import ArgumentParser
import Shared

/// Asks a running API whether it is ready: the health check of an image without a shell.
struct HealthCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Asks a running API whether it is ready; exits with status 69 when it is not."
    )

    @Option(help: "The address to ask; by default the readiness of the API on this machine.")
    var url: String?

    func run() async throws {
        var reader = SettingsReader()
        let port = reader.integer(.apiPort, in: 1...65_535, default: 8000)
        do {
            try reader.finish()
        } catch {
            StandardError.print(error.description)
            throw ExitCode(SettingsFaults.exitStatus)
        }
        if let fault = await HealthCheck.fault(at: url ?? "http://127.0.0.1:\(port)\(APIPath.readiness)") {
            StandardError.print(fault)
            throw ExitCode(HealthCheck.unavailableStatus)
        }
    }
}
