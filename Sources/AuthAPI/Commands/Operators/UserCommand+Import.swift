import ArgumentParser
import FoundationEssentials
import Glibc
import Shared

extension UserCommand {
    /// Imports users from a file.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Imports users from a file of CSV or JSON Lines.",
            discussion: """
                CSV begins with a line that names the columns; JSON Lines has an object a line. The fields are \
                \(ImportRow.Field.names); only email is required. Password hashes may be bcrypt ($2a$, $2b$, $2y$) or \
                Argon2id (PHC strings), also with Django's prefixes; each is replaced by one of today's cost when its user \
                signs in. `-` is standard input, and takes --format.

                Every row that does not fit is reported with its line; the others are imported. An interrupted import goes \
                on when it is run again: users who are there with the same hash are counted as present. Status 1: some rows \
                did not fit.
                """
        )

        @Argument(help: "The file, or - for standard input.")
        var file: String

        @Option(help: "csv or jsonl. Default: by the name of the file.")
        var format: ImportFormat?

        @Flag(help: "Check every row and report, but store nothing.")
        var dryRun = false

        @Flag(help: "Print JSON, an object a line; the last holds the counts.")
        var json = false

        func run() async throws {
            guard let format = format ?? ImportFormat(fileName: file) else {
                throw Operator.misused("--format: say csv or jsonl; the name of the file does not tell")
            }
            let isTerminal = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
            var progress = ImportProgress(total: ImportProgress.size(of: file), isTerminal: isTerminal)
            let counts = try await Operator.run { service in
                do {
                    let reader = try ImportReader(path: file, format: format)
                    return try await UserImport(store: service.imports, isDryRun: dryRun).run(
                        reader,
                        report: { print(try text(of: $0)) },
                        progress: { progress.show(rows: $0, bytes: $1) }
                    )
                } catch let error as ImportSource.Unreadable {
                    throw Operator.misused("\(file) cannot be read: \(error.reason)")
                } catch let error as ImportRow.Fault {
                    throw Operator.misused("\(file): \(error)")
                }
            }
            progress.end()
            print(try text(of: counts))
            if counts.rejected > 0 { throw ExitCode.failure }
        }

        private func text(of rejection: UserImport.Rejection) throws -> String {
            json ? try JSONText.line(of: rejection) : "line \(rejection.line): \(rejection.error)"
        }

        private func text(of counts: UserImport.Counts) throws -> String {
            if json { return try JSONText.line(of: counts) }
            let done = dryRun ? "would be imported" : "imported"
            return "\(done): \(counts.imported), present before: \(counts.present), rejected: \(counts.rejected)"
        }
    }
}

extension ImportFormat: ExpressibleByArgument {}
