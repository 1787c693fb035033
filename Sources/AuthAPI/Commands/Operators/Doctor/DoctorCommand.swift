import ArgumentParser
import Logging
import Shared

/// Looks at a deployment from the inside and says what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks settings, secrets, address, providers and database; says what to mend.",
        discussion: "Status 0: nothing is to be mended. Status 1: the lines that begin with FIX say what is."
    )

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        // What libraries have to say about failures is said by the findings.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let findings = await Doctor(reader: SettingsReader(), logger: Logger(label: "AuthAPI")).findings()
        if json {
            try print(JSONText.of(findings))
        } else {
            for finding in findings { print(finding) }
        }
        let count = findings.count { $0.level == .fix }
        if !json { print(count == 0 ? "Nothing is to be mended." : "To be mended: \(count)") }
        if count > 0 { throw ExitCode.failure }
    }
}
