import FoundationEssentials
import PostgresClient
import Shared

/// Users in the database.
struct UserStore: Sendable {
    let postgres: PostgresPool

    /// Stores a new account and, if it is to be signed in at once, its first session, both or neither; without a session
    /// an operator made it.
    ///
    /// The sessions that the browser had end with it.
    ///
    /// - Throws: ``RegistrationPolicy/Refusal`` when the invitation was used up meanwhile; `email_taken` when another
    ///   account has the address. The database decides, so that of two registrations
    ///   at the same moment exactly one wins.
    func create(
        _ user: User,
        passwordHash: String,
        session: NewSession?,
        replacing replaced: [TokenHash] = [],
        using invite: InviteUse? = nil,
        from trace: RequestTrace
    ) async throws {
        let insertion = InsertUser(
            user: user,
            passwordHash: passwordHash,
            event: session == nil ? .userCreated : .registered,
            trace: trace
        )
        try await postgres.transaction { db in
            if let invite { try InviteStore.use(invite, in: db) }
            guard try db.run(insertion) > 0 else {
                throw APIError(
                    .emailTaken,
                    detail: "An account with this email already exists.",
                    fields: [FieldError(field: "email", code: .taken, detail: "This email is taken.")]
                )
            }
            guard let session else { return }
            _ = try db.one(InsertSession(session: session))
            try SessionStore.end(replaced, by: session, in: db)
        }
    }
}

extension UserStore {
    /// Changes a user's name.
    func rename(_ user: SignedIn, to name: DisplayName, from trace: RequestTrace) async throws {
        let statement = UpdateName(user: user, name: name, trace: trace)
        _ = try await postgres.withConnection { try $0.run(statement) }
    }

    /// Everything that is stored about a user, and that it was read, which is an event.
    ///
    /// - Returns: nil when the user is gone.
    func ownData(of user: SignedIn, from trace: RequestTrace, at now: Date) async throws -> OwnData? {
        let id = user.user.id
        return try await postgres.withConnection { db in
            guard let account = try db.first(FindOwnAccount(user: id)) else { return nil }
            try db.run(RecordDownload(user: user, trace: trace))
            return OwnData(
                account: account,
                identities: try db.all(FindOwnIdentities(user: id)),
                sessions: try db.all(FindLiveSessions(visitor: user, now: now)).map { row in
                    row.session.body(current: user.sessionID)
                },
                events: try db.all(FindOwnEvents(user: id)),
                eventsTotal: try db.one(CountOwnEvents(user: id))
            )
        }
    }
}

extension User {
    /// Reads the columns `id, email, name, avatar_url`, which start at the given one.
    init(_ row: PostgresRow, from column: Int) throws {
        self.init(
            id: try row.uuid(column),
            email: try row.text(column + 1),
            name: try row.text(column + 2),
            avatarURL: try row.optionalText(column + 3)
        )
    }
}

/// Stores an account, or nothing when the address is taken: an error would put the address into the server's log.
private struct InsertUser: Statement {
    static let sql: StaticString = """
        WITH made AS (
            INSERT INTO users (id, email, name, avatar_url, password_hash) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (lower(email)) DO NOTHING RETURNING id
        )
        INSERT INTO audit_events (event, user_id, device_id, address, user_agent, request_id)
        SELECT $6, id, $7, $8, $9, $10 FROM made
        """
    let user: User
    let passwordHash: String
    let event: AuditEventKind
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [
            .uuid(user.id), .text(user.email), .text(user.name), .text(orNull: user.avatarURL),
            .text(passwordHash), .text(event.rawValue),
        ] + trace.parameters
    }
}
