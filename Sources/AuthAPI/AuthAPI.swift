import ArgumentParser
import Shared

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
