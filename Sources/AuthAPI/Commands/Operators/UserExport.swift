import FoundationEssentials
import PostgresClient
import Shared

/// All data of one user, except secrets.
struct UserExport: Sendable, Encodable {
    let user: UserRecord
    let identities: [ExportedIdentity]
    let sessions: [SessionRecord]
    let auditEvents: [AuditRecord]

    private enum CodingKeys: String, CodingKey {
        case user, identities, sessions
        case auditEvents = "audit_events"
    }
}

/// A provider account, linked or disconnected.
struct ExportedIdentity: Sendable, Encodable {
    let provider: String
    /// The provider's ID of the account.
    let providerUserID: String
    /// The issuer at which it was linked; empty if an earlier version linked it and its provider has been off since.
    let issuer: String
    let email: String?
    let createdAt: Date
    /// Whether the user has disconnected it.
    let disconnected: Bool

    private enum CodingKeys: String, CodingKey {
        case provider, issuer, email, disconnected
        case providerUserID = "provider_user_id"
        case createdAt = "created_at"
    }
}

/// A user in the format of `user import`.
struct PortableUser: Sendable, Encodable {
    @LowercaseUUID var id: UserID
    let email: String
    let name: String
    let passwordHash: String?
    let emailVerified: Bool
    let disabled: Bool
    let createdAt: Date

    private enum CodingKeys: String, CodingKey {
        case id, email, name, disabled
        case passwordHash = "password_hash"
        case emailVerified = "email_verified"
        case createdAt = "created_at"
    }
}

extension OperatorService {
    /// All data of a user, except secrets; nil when there is no such user.
    func export(_ reference: UserReference) async throws -> UserExport? {
        guard let user = try await store.user(reference) else { return nil }
        var sessions: [SessionRecord] = []
        var page = PageRequest(limit: 1000, after: nil)
        while let part = try await store.sessions(page, of: .id(user.id)) {
            sessions += part
            guard part.count == Int(page.limit), let last = part.last else { break }
            page = PageRequest(limit: page.limit, after: UUID(uuidString: last.id))
        }
        var events: [AuditRecord] = []
        try await audit.read(AuditQuery(subject: audit.subject(.id(user.id)))) { events += $0 }
        return UserExport(
            user: user,
            identities: try await store.identities(of: user.id),
            sessions: sessions,
            auditEvents: events
        )
    }

    /// Passes every user to `show`, in the order of their IDs.
    ///
    /// - Throws: the errors of `show`, and ``PostgresError``.
    func exportAll(withPasswordHashes: Bool, _ show: ([PortableUser]) throws -> Void) async throws {
        let size = 1000
        var last: UserID?
        while true {
            let part = try await store.portableUsers(
                after: last,
                limit: Int64(size),
                withPasswordHashes: withPasswordHashes
            )
            if !part.isEmpty { try show(part) }
            guard part.count == size, let end = part.last else { return }
            last = end.id
        }
    }
}

extension OperatorStore {
    /// A user's linked and disconnected provider accounts.
    func identities(of user: UserID) async throws -> [ExportedIdentity] {
        try await postgres.reading { try $0.all(ExportIdentities(user: user)) }
    }

    /// Users in the order of their IDs.
    func portableUsers(
        after last: UserID?,
        limit: Int64,
        withPasswordHashes: Bool
    ) async throws -> [PortableUser] {
        let statement = ExportUsers(last: last, limit: limit, withPasswordHashes: withPasswordHashes)
        return try await postgres.reading { try $0.all(statement) }
    }
}

private struct ExportIdentities: ReadStatement {
    static let sql: StaticString = """
        SELECT provider, provider_user_id, issuer, email, created_at, false FROM oauth_accounts WHERE user_id = $1
        UNION ALL
        SELECT provider, provider_user_id, issuer, NULL, created_at, true
        FROM disconnected_identities WHERE user_id = $1
        ORDER BY 6, 1, 2
        """
    let user: UserID
    var parameters: [PostgresValue] { [.uuid(user)] }

    static func decode(_ row: PostgresRow) throws -> ExportedIdentity {
        ExportedIdentity(
            provider: try row.text(0),
            providerUserID: try row.text(1),
            issuer: try row.text(2),
            email: try row.optionalText(3),
            createdAt: try row.timestamp(4),
            disconnected: try row.bool(5)
        )
    }
}

private struct ExportUsers: ReadStatement {
    static let sql: StaticString = """
        SELECT id, email, name, CASE WHEN $3 THEN password_hash END, email_verified_at IS NOT NULL,
            disabled_at IS NOT NULL, created_at
        FROM users WHERE $1 IS NULL OR id > $1 ORDER BY id LIMIT $2
        """
    let last: UserID?
    let limit: Int64
    let withPasswordHashes: Bool
    var parameters: [PostgresValue] { [.uuid(orNull: last), .int8(limit), .bool(withPasswordHashes)] }

    static func decode(_ row: PostgresRow) throws -> PortableUser {
        PortableUser(
            id: try row.uuid(0),
            email: try row.text(1),
            name: try row.text(2),
            passwordHash: try row.optionalText(3),
            emailVerified: try row.bool(4),
            disabled: try row.bool(5),
            createdAt: try row.timestamp(6)
        )
    }
}
