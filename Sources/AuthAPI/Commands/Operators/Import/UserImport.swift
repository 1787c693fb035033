import FoundationEssentials
import PostgresClient
import Shared

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

/// Stores imported users.
struct UserImportStore: Sendable {
    /// A user and its line.
    struct Row: Sendable {
        let line: Int
        let user: ImportedUser
    }

    /// Why a user was not stored.
    enum Conflict: String, Sendable {
        /// The same user exists: with the address and the ID, or, if the row has no ID, with the address and the hash.
        ///
        /// The hash of a row with an ID does not matter: a sign-in replaces it.
        case present
        /// Another user has the email address.
        case email
        /// Another user has the ID.
        case id
    }

    let postgres: PostgresPool

    /// Stores users, or only checks for conflicts; returns the conflict of each row.
    func insert(_ rows: [Row], isDryRun: Bool) async throws -> [(line: Int, conflict: Conflict?)] {
        guard !rows.isEmpty else { return [] }
        let document = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
        return try await postgres.transaction { db in
            try isDryRun
                ? db.all(CompareUsers(document: document)) : db.all(InsertUsers(document: document))
        }
    }
}

extension UserImportStore.Row: Encodable {
    private enum CodingKeys: String, CodingKey { case line }

    func encode(to encoder: any Encoder) throws {
        try user.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(line, forKey: .line)
    }
}

private func conflict(_ row: PostgresRow) throws -> (line: Int, conflict: UserImportStore.Conflict?) {
    guard let text = try row.optionalText(1) else { return (Int(try row.int8(0)), nil) }
    guard let conflict = UserImportStore.Conflict(rawValue: text) else { throw row.unknown("conflict") }
    return (Int(try row.int8(0)), conflict)
}

/// Stores users whose email address and ID are free, each with its audit event.
private struct InsertUsers: Statement {
    static let sql: StaticString = """
        WITH given AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset($1::jsonb) AS given (
                line bigint, id uuid, has_id boolean, email text, name text, password_hash text,
                email_verified boolean, disabled boolean, created_at timestamptz
            )
        ),
        made AS (
            INSERT INTO users (id, email, name, password_hash, email_verified_at, disabled_at, created_at)
            SELECT id, email, name, password_hash, CASE WHEN email_verified THEN now() END,
                CASE WHEN disabled THEN now() END, coalesce(created_at, now())
            FROM given ORDER BY email
            ON CONFLICT DO NOTHING RETURNING id
        ),
        noted AS (INSERT INTO audit_events (event, user_id, detail) SELECT 'user_created', id, 'by_import' FROM made)
        SELECT line, CASE
            WHEN made.id IS NOT NULL THEN NULL
            WHEN present.id IS NULL AND EXISTS (SELECT FROM users WHERE users.id = given.id) THEN 'id'
            WHEN present.id = given.id OR NOT has_id AND present.id IS NOT NULL
                AND present.password_hash IS NOT DISTINCT FROM given.password_hash THEN 'present'
            ELSE 'email'
        END
        FROM given LEFT JOIN made ON made.id = given.id LEFT JOIN users AS present ON lower(present.email) = given.email
        ORDER BY line
        """
    let document: String
    var parameters: [PostgresValue] { [.text(document)] }
    static func decode(_ row: PostgresRow) throws -> (line: Int, conflict: UserImportStore.Conflict?) {
        try conflict(row)
    }
}

/// Finds conflicts of users without storing them.
private struct CompareUsers: Statement {
    static let sql: StaticString = """
        SELECT line, CASE
            WHEN present.id = given.id OR NOT has_id AND present.id IS NOT NULL
                AND present.password_hash IS NOT DISTINCT FROM given.password_hash THEN 'present'
            WHEN present.id IS NOT NULL THEN 'email'
            WHEN EXISTS (SELECT FROM users WHERE users.id = given.id) THEN 'id'
        END
        FROM jsonb_to_recordset($1::jsonb) AS given (
            line bigint, id uuid, has_id boolean, email text, password_hash text
        )
        LEFT JOIN users AS present ON lower(present.email) = given.email
        ORDER BY line
        """
    let document: String
    var parameters: [PostgresValue] { [.text(document)] }
    static func decode(_ row: PostgresRow) throws -> (line: Int, conflict: UserImportStore.Conflict?) {
        try conflict(row)
    }
}
