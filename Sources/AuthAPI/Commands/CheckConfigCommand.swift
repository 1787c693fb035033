import ArgumentParser
import Shared

/// Checks the settings without starting anything.
struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks all settings; lists every fault and exits with status 78 when there is one."
    )

    func run() async throws {
        let settings = try APISettings.orExit()
        print("settings are valid; the site's address is \(settings.common.publicURL)")
    }
}
