import ArgumentParser
import PostgresClient
import Shared

import Glibc

/// Runs one of PostgreSQL's programs on the configured database; `scripts/` uses it.
///
/// The program gets the connection in libpq's environment variables, because other users can read command lines.
struct DatabaseClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database-client",
        abstract: "Runs a program such as psql on the configured database, as the role that owns the schema.",
        shouldDisplay: false
    )

    @Option(help: "Another database of the same server.")
    var database: String?

    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("a program such as psql is required") }
    }

    func run() throws {
        var reader = SettingsReader()
        let roles = try DatabaseRoles.orExit(&reader)
        let configuration = roles.owner ?? roles.serving
        for variable in configuration.environment { unsafe setenv(variable.name, variable.value, 1) }
        // pg_restore ignores PGDATABASE.
        let name = database ?? configuration.value(of: "dbname")
        var arguments = unsafe (command + (name.map { [Self.option($0)] } ?? [])).map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        unsafe execvp(command[0], arguments)
        StandardError.print("\(command[0]): \(unsafe String(cString: strerror(errno)))")
        // The status with which shells report a command that cannot be run.
        throw ExitCode(127)
    }

    /// The option that names the database; the programs read its value as a connection string.
    static func option(_ name: String) -> String {
        "--dbname=dbname='\(name.replacing("\\", by: "\\\\").replacing("'", by: "\\'"))'"
    }
}

extension DatabaseRoles {
    /// Reads the settings of the database.
    ///
    /// Prints every fault in the reader and exits with status 78 if there is any.
    static func orExit(_ reader: inout SettingsReader) throws -> DatabaseRoles {
        guard let roles = read(from: &reader), reader.faults.isEmpty else {
            throw SettingsFaults(lines: reader.faults).reported()
        }
        return roles
    }
}
