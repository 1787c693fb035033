import ArgumentParser
import FoundationEssentials
import Logging
import Shared

/// What the commands about users and sessions have in common.
enum Administration {
    /// Nothing of the name is there.
    static let notFound = ExitCode(1)

    /// Runs a command on the configured database.
    ///
    /// - Throws: ``ExitCode`` 78 for wrong settings, 69 when the database is away, 1 when the rules forbid what was asked.
    static func run<Value: Sendable>(_ body: (AdministrationService) async throws -> Value) async throws -> Value {
        let settings = try APISettings.orExit()
        JSONLogHandler.bootstrap(settings.common, leastLevel: .error)
        let logger = Logger(label: "AuthAPI")
        var configuration = settings.database.serving
        configuration.poolSize = 1
        configuration.applicationName += "-operator"
        // An operator can wait, and may ask for more than a request does.
        configuration.waitTimeout = .seconds(10)
        configuration.jobTimeout = .seconds(40)
        configuration.statementTimeout = .seconds(30)
        let postgres = PostgresPool(configuration, logger: logger)
        let hashing = try HashingPool(threads: 1)
        let service = AdministrationService(
            store: AdministrationStore(postgres: postgres),
            accounts: AccountStore(postgres: postgres),
            hasher: PasswordHasher(parameters: settings.argon2, pool: hashing)
        )
        let result: Result<Value, any Error>
        do { result = .success(try await body(service)) } catch { result = .failure(error) }
        await postgres.close()
        do {
            return try result.get()
        } catch let error as PostgresError where error.isUnavailable {
            let isSchemaMissing = error.sqlState == "42P01" || error.sqlState == "42703"
            StandardError.print(
                isSchemaMissing ? "the schema is not up to date: AuthAPI migrate up" : "the database cannot be reached"
            )
            throw ExitCode(HealthCheck.unavailableStatus)
        } catch let error as APIError {
            StandardError.print(error.detail)
            throw ExitCode.failure
        }
    }

    /// The user that an argument names; ends the command with status 64 when it can name none.
    static func reference(_ text: String) throws -> AccountReference {
        guard let reference = AccountReference(text) else {
            throw misused("a user is named by email address or identifier (UUID)")
        }
        return reference
    }

    /// Says what is wrong with how the command was called: `EX_USAGE` of sysexits.h.
    static func misused(_ explanation: String) -> ExitCode {
        StandardError.print(explanation)
        return ExitCode(64)
    }

    /// Says that there is no such user.
    static func noUser(_ reference: AccountReference) -> ExitCode {
        StandardError.print("there is no user \(reference)")
        return notFound
    }
}

/// Which part of a list to show, and how.
struct ListOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many rows to show, from 1 to 1000.", valueName: "count"))
    var limit: Int64 = 50

    @Option(help: ArgumentHelp("Go on behind this row of the part before.", valueName: "id"))
    var after: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000") }
        guard after.map({ UUID(uuidString: $0) != nil }) ?? true else {
            throw ValidationError("--after is an identifier (UUID)")
        }
    }

    /// The part, and one row more by which to know that there is more.
    var page: PageRequest { PageRequest(limit: limit + 1, after: after.flatMap { UUID(uuidString: $0) }) }

    /// Prints a part of a list, and how to see the next.
    func show<Row: Encodable>(
        _ rows: [Row],
        id: (Row) -> String,
        empty: String,
        titles: [String],
        cells: (Row) -> [String]
    ) throws {
        let shown = Array(rows.prefix(Int(limit)))
        if json { return try print(JSONText.of(shown)) }
        guard !shown.isEmpty else { return print(empty) }
        print(TextTable(titles: titles, rows: shown.map(cells)))
        if rows.count > shown.count, let last = shown.last { StandardError.print("more: --after \(id(last))") }
    }
}
