import ArgumentParser
import Logging
import Shared

/// Checks a deployment from inside and prints how to fix problems.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks settings, secrets, address, providers and database; prints how to fix problems.",
        discussion: "Exit status 0: no problems. Exit status 1: lines that begin with FIX name the problems."
    )

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        // The findings replace the log lines of libraries.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let findings = await Doctor(reader: SettingsReader(), logger: Logger(label: "AuthAPI")).findings()
        if json {
            try StandardOutput.print(JSONText.of(findings))
        } else {
            for finding in findings { try StandardOutput.print(finding) }
        }
        let count = findings.count { $0.level == .fix }
        if !json { try StandardOutput.print(count == 0 ? "No problems found." : "Problems found: \(count)") }
        if count > 0 { throw ExitCode.failure }
    }
}
