import FoundationEssentials
import PostgresClient

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
