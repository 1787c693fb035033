import ArgumentParser
import Glibc
import Shared

extension UserCommand {
    /// Imports users from a file.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Imports users from a CSV or JSON Lines file.",
            discussion: """
                CSV needs a header; JSON Lines has one object per line. The fields are \
                \(ImportRow.Field.names); only email is required. Password hashes may be bcrypt ($2a$, $2b$, $2y$) or \
                Argon2id (PHC strings), with or without Django's prefixes; each is replaced by one with the current cost when its user \
                signs in. `-` is standard input and requires --format.

                Rejected rows are reported with their line; the others are imported. To continue an interrupted import, run it \
                again: a user who has the address and ID of a row is counted as present and not changed; for rows without \
                IDs, one who has the address and hash. Exit status 1: some rows were rejected.
                """
        )

        @Argument(help: "The file, or - for standard input.")
        var file: String

        @Option(help: "csv or jsonl. Default: by the file name.")
        var format: ImportFormat?

        @Flag(help: "Check every row and report, but store nothing.")
        var dryRun = false

        @Flag(help: "Print JSON, one object per line; the last one contains the counts.")
        var json = false

        func run() async throws {
            guard let format = format ?? ImportFormat(fileName: file) else {
                throw Operator.usageError(
                    "--format: the format cannot be inferred from the file name; use --format csv or --format jsonl"
                )
            }
            let isTerminal = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
            var progress = ImportProgress(total: ImportProgress.size(of: file), isTerminal: isTerminal)
            let counts = try await Operator.run { service in
                do {
                    let reader = try ImportReader(path: file, format: format)
                    return try await UserImport(store: service.imports, isDryRun: dryRun).run(
                        reader,
                        report: { try StandardOutput.print(text(of: $0)) },
                        progress: { progress.show(rows: $0, bytes: $1) }
                    )
                } catch let error as ImportSource.Unreadable {
                    throw Operator.usageError("\(file) cannot be read: \(error.reason)")
                } catch let error as ImportRow.Fault {
                    throw Operator.usageError("\(file): \(error)")
                }
            }
            progress.end()
            try StandardOutput.print(text(of: counts))
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
