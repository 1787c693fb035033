import FoundationEssentials

/// Imports users from a file in batches, each in its own transaction.
///
/// After an interruption, importing the same file again counts the users that are already present.
struct UserImport: Sendable {
    /// The number of users that one statement stores.
    static let batchSize = 1000

    /// A rejected row.
    struct Rejection: Sendable, Equatable, Encodable {
        /// The first line of the row, from 1.
        let line: Int
        let error: String
    }

    /// The number of rows by result.
    struct Counts: Sendable, Equatable, Encodable {
        var imported = 0
        /// Users that already existed, such as after an interrupted import.
        var present = 0
        var rejected = 0
    }

    let store: UserImportStore
    /// Whether to check only, without storing users.
    let isDryRun: Bool
    /// The current time.
    var now = Date.now

    /// Imports every valid row.
    ///
    /// - Parameters:
    ///   - reader: the file.
    ///   - report: called for each rejected row, in the order of the file within a batch.
    ///   - progress: called after each batch with the rows and bytes so far.
    /// - Returns: the number of rows by result.
    /// - Throws: ``ImportSource/Unreadable``, ``PostgresError``, `CancellationError`.
    func run(
        _ reader: ImportReader,
        report: (Rejection) throws -> Void,
        progress: (Int, Int) -> Void
    ) async throws -> Counts {
        var reader = reader
        var counts = Counts()
        var seen = Seen()
        var rows = 0
        while true {
            try Task.checkCancellation()
            var batch: [UserImportStore.Row] = []
            var rejections: [Rejection] = []
            var isAtEnd = false
            while batch.count < Self.batchSize, rejections.count < Self.batchSize {
                guard let (line, entry) = try reader.next() else {
                    isAtEnd = true
                    break
                }
                rows += 1
                do throws(ImportRow.Fault) {
                    let user = try checked(entry)
                    try seen.insert(user, line: line)
                    batch.append(UserImportStore.Row(line: line, user: user))
                } catch {
                    rejections.append(Rejection(line: line, error: error.description))
                }
            }
            for outcome in try await store.insert(batch, isDryRun: isDryRun) {
                switch outcome.conflict {
                case .present: counts.present += 1
                case .email:
                    rejections.append(
                        Rejection(line: outcome.line, error: "email: another user has this address")
                    )
                case .id:
                    rejections.append(Rejection(line: outcome.line, error: "id: another user has this identifier"))
                case nil: counts.imported += 1
                }
            }
            for rejection in rejections.sorted(by: { $0.line < $1.line }) { try report(rejection) }
            counts.rejected += rejections.count
            progress(rows, reader.bytes)
            if isAtEnd { return counts }
        }
    }

    private func checked(_ entry: ImportReader.Entry) throws(ImportRow.Fault) -> ImportedUser {
        switch entry {
        case .row(let row): try ImportedUser(row, now: now)
        case .fault(let fault): throw fault
        }
    }

    /// The email addresses and IDs of the previous rows.
    private struct Seen {
        private var lines: [String: Int] = [:]
        private var identifiers: Set<String> = []

        mutating func insert(_ user: ImportedUser, line: Int) throws(ImportRow.Fault) {
            if let first = lines[user.email] {
                throw ImportRow.Fault(.email, "line \(first) has the same address")
            }
            guard identifiers.insert(user.id).inserted else {
                throw ImportRow.Fault(.id, "an earlier line has the same identifier")
            }
            lines[user.email] = line
        }
    }
}
