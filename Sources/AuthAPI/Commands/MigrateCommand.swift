import ArgumentParser
import Logging
import Shared

/// Migrates the schema, or shows its state.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Migrates the schema, reverts a migration, or shows the state.",
        subcommands: [Up.self, Down.self, Status.self]
    )

    /// Applies pending migrations.
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Applies pending migrations in order, and grants the serving role its privileges."
        )

        @Option(
            help: """
                The host of a PostgreSQL server that only this site uses. If the database is on this host, the server's \
                other databases become accessible to their owners only.
                """
        )
        var dedicatedServer: String?

        func run() async throws {
            let applied = try await withMigrator { migrator in
                let applied = try await migrator.up()
                if let dedicatedServer, dedicatedServer == migrator.host { try await migrator.shutOtherDatabases() }
                return applied
            }
            for migration in applied { try StandardOutput.print("applied \(migration.file)") }
            if applied.isEmpty { try StandardOutput.print("nothing to apply: the schema is current") }
        }
    }

    /// Reverts the newest migration.
    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reverts the newest migration and deletes its data (asks first)."
        )

        @Flag(help: "Do not ask for confirmation.")
        var yes = false

        func run() async throws {
            try Operator.requireAnswer(isAgreed: yes)
            let migration = try await withMigrator { migrator in
                let newest = try await migrator.newest()
                try Self.confirm(newest, isAgreed: yes)
                return try await migrator.down(expecting: newest.version)
            }
            try StandardOutput.print("rolled back \(migration.file)")
        }

        /// Asks for confirmation, and names the data that will be deleted.
        static func confirm(_ migration: Migration, isAgreed: Bool, at terminal: Terminal = .standard) throws {
            let dropped = migration.dropped.isEmpty ? "" : " (\(migration.dropped.joined(separator: ", ")))"
            try Operator.confirm(
                deletionOf: "all data of migration \(migration.version), \(migration.name)\(dropped)",
                byTyping: migration.name,
                "its name",
                isAgreed: isAgreed,
                at: terminal
            )
        }
    }

    /// Lists all migrations.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all migrations and their state.")

        func run() async throws {
            for line in try await withMigrator({ try await $0.status() }) {
                let time = line.appliedAt.map { "  \($0)" } ?? ""
                try StandardOutput.print("\(line.version)  \(line.name)  \(line.state)\(time)")
            }
        }
    }
}

/// Runs a command on the configured database; it needs only the database settings.
///
/// - Throws: ``ExitCode`` 69 when the database cannot be reached within half a minute or locks cannot be acquired, 78
///   when it refuses the connection or does not meet the requirements, 1 when a migration fails.
private func withMigrator<Value>(_ body: (Migrator) async throws -> Value) async throws -> Value {
    var reader = SettingsReader()
    let common = CommonSettings(from: &reader)
    let database = try DatabaseRoles.orExit(&reader)
    JSONLogHandler.bootstrap(common, leastLevel: .notice)
    return try await CommandEnding.explaining(on: database.owner ?? database.serving) {
        try await body(database.migrator(logger: Logger(label: "AuthAPI")))
    }
}
