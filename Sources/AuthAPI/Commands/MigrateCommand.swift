import ArgumentParser
import Logging
import Shared

/// Changes the schema, or tells its state.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the schema up to date, takes a step back, or tells its state.",
        subcommands: [Up.self, Down.self, Status.self]
    )

    /// Applies what is pending.
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Applies every pending migration, in order, and gives the role that serves its rights."
        )

        @Option(
            help: """
                A host that serves this site alone; if the database is there, the server's other databases are shut to \
                everybody but their owner.
                """
        )
        var dedicatedServer: String?

        func run() async throws {
            let applied = try await withMigrator { migrator in
                let applied = try await migrator.up()
                if let dedicatedServer, dedicatedServer == migrator.host { try await migrator.shutOtherDatabases() }
                return applied
            }
            for migration in applied { print("applied \(migration.file)") }
            if applied.isEmpty { print("nothing to apply: the schema is current") }
        }
    }

    /// Takes one step back.
    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes the newest migration back; its data is lost.")

        func run() async throws {
            let migration = try await withMigrator { try await $0.down() }
            print("rolled back \(migration.file)")
        }
    }

    /// Tells what has been applied.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all migrations and the state of each.")

        func run() async throws {
            for line in try await withMigrator({ try await $0.status() }) {
                let time = line.appliedAt.map { "  \($0)" } ?? ""
                print("\(line.version)  \(line.name)  \(line.state)\(time)")
            }
        }
    }
}

/// Runs a command against the configured database; no setting is needed but those of the database.
///
/// - Throws: ``ExitCode`` 69 when the database cannot be reached within half a minute, and what the migrator throws.
private func withMigrator<Value>(_ body: (Migrator) async throws -> Value) async throws -> Value {
    var reader = SettingsReader()
    let common = CommonSettings(from: &reader)
    guard let database = DatabaseRoles.read(from: &reader), reader.faults.isEmpty else {
        StandardError.print(SettingsFaults(lines: reader.faults).description)
        throw ExitCode(SettingsFaults.exitStatus)
    }
    JSONLogHandler.bootstrap(common, leastLevel: .warning)
    do {
        return try await body(database.migrator(logger: Logger(label: "AuthAPI")))
    } catch let error as PostgresError where error.isUnavailable {
        StandardError.print("the database cannot be reached")
        throw ExitCode(HealthCheck.unavailableStatus)
    }
}
