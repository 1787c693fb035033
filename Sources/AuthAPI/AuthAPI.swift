import ArgumentParser
import Shared
import Synchronization
import UnixSignals

/// The authentication API and the commands that operate it.
@main
struct AuthAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "AuthAPI",
        abstract: "The authentication API of yoshikosan.",
        discussion: "All settings come from the environment; .env.example describes each.",
        version: Version.current,
        subcommands: [
            ServeCommand.self, MigrateCommand.self, CheckConfigCommand.self, HealthCheckCommand.self,
            OpenAPICommand.self, GenerateSecretsCommand.self, SecretCommand.self, UserCommand.self, SessionCommand.self,
            AuditCommand.self, LimitsCommand.self, InviteCommand.self, DoctorCommand.self, DatabaseClientCommand.self,
        ],
        defaultSubcommand: ServeCommand.self
    )
}

extension AuthAPI {
    /// Runs the command that the arguments name; SIGTERM ends it within ten seconds, with status 0.
    ///
    /// Process 1 of a container does not receive the signal unless it handles it.
    static func main() async {
        StandardDescriptors.open()
        ProcessEnd.hold()
        // The server shuts down gracefully.
        if (try? parseAsRoot()) is ServeCommand { return await main(nil) }
        let signals = await UnixSignalsSequence(trapping: .sigterm)
        let isStopped = Atomic<Bool>(false)
        let work = Task {
            var command = try parseAsRoot()
            guard var asynchronous = command as? any AsyncParsableCommand else { return try command.run() }
            try await asynchronous.run()
        }
        let watch = Task {
            for await _ in signals {
                isStopped.store(true, ordering: .relaxed)
                StandardError.print("stopped by SIGTERM before the command finished")
                ProcessEnd.force(after: 5)
                work.cancel()
                return
            }
        }
        let result = await work.result
        watch.cancel()
        if isStopped.load(ordering: .relaxed) { exit() }
        if case .failure(let error) = result { exit(withError: error) }
    }
}
