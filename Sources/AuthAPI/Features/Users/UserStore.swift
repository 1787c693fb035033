import FoundationEssentials
import PostgresClient
import Shared

/// Access to users in the database.
struct UserStore: Sendable {
    let postgres: PostgresPool

    /// Stores a new account and its first session in one transaction; without a session for an account from an
    /// operator.
    ///
    /// Ends the browser's previous sessions.
    ///
    /// - Throws: ``RegistrationPolicy/Rejection`` when the invitation is no longer live; `email_taken` when another
    ///   account has the email address. The database decides, so that exactly one of two concurrent registrations
    ///   succeeds.
    func create(
        _ user: User,
        passwordHash: String,
        session: NewSession?,
        using invite: InviteUse? = nil,
        from trace: RequestTrace
    ) async throws {
        let insertion = InsertUser(
            user: user,
            passwordHash: passwordHash,
            event: session == nil ? .userCreated : .registered,
            trace: trace
        )
        try await postgres.transaction(retrying: true) { db in
            if let invite { try InviteStore.use(invite, in: db) }
            guard try db.run(insertion) > 0 else {
                throw Self.emailTaken
            }
            guard let session else { return }
            _ = try db.one(InsertSession(session: session))
            try SessionStore.endReplaced(by: session, in: db)
        }
    }
}

extension UserStore {
    /// The error for an email address that another account has.
    static let emailTaken = APIError(
        .emailTaken,
        detail: "An account with this email already exists.",
        fields: [FieldError(field: "email", code: .taken, detail: "This email is taken.")]
    )

    /// Changes a user's name.
    func rename(_ visitor: SignedIn, to name: DisplayName, from trace: RequestTrace) async throws {
        let statement = UpdateName(visitor: visitor, name: name, trace: trace)
        _ = try await postgres.withConnection { try $0.run(statement) }
    }

    /// Reads a user's data, and records the download.
    ///
    /// - Returns: nil when the user no longer exists.
    func ownData(of visitor: SignedIn, from trace: RequestTrace, at now: Date) async throws -> OwnData? {
        let id = visitor.user.id
        return try await postgres.withConnection { db in
            guard let account = try db.first(FindOwnAccount(user: id)) else { return nil }
            try db.run(RecordDownload(visitor: visitor, trace: trace))
            return OwnData(
                account: account,
                identities: try db.all(FindOwnIdentities(user: id)),
                sessions: try db.all(FindLiveSessions(visitor: visitor, now: now)).map { row in
                    row.session.body(current: visitor.sessionID)
                },
                events: try db.all(FindOwnEvents(user: id)),
                eventsTotal: try db.one(CountOwnEvents(user: id))
            )
        }
    }
}
