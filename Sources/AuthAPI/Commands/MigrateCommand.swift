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
        static let configuration = CommandConfiguration(abstract: "Applies every pending migration, in order.")

        func run() async throws {
            let applied = try await withMigrator { try await $0.up() }
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

/// Runs a command against the configured database.
///
/// - Throws: ``ExitCode`` 69 when the database cannot be reached within half a minute, and what the migrator throws.
private func withMigrator<Value>(_ body: (Migrator) async throws -> Value) async throws -> Value {
    let settings = try APISettings.orExit()
    JSONLogHandler.bootstrap(settings.common, leastLevel: .warning)
    do {
        return try await body(Migrator(settings.postgres, logger: Logger(label: "AuthAPI")))
    } catch let error as PostgresError where error.isUnavailable {
        StandardError.print("the database cannot be reached")
        throw ExitCode(HealthCheck.unavailableStatus)
    }
}
