import FoundationEssentials
import PostgresClient
import Shared

/// The account or network of rate limits.
enum LimitTarget: Sendable, Equatable, CustomStringConvertible {
    case account(EmailAddress)
    case network(IPAddress)

    /// Parses an email address or an IP address, with or without brackets; ends the command with status 64 when it is
    /// neither.
    init(argument: String) throws {
        let text = argument.trimmingBlanks()
        if let address = IPAddress(text) ?? IPAddress(host: text) {
            self = .network(address)
        } else if let email = try? EmailAddress(argument) {
            self = .account(email)
        } else {
            throw Operator.usageError("limits are identified by email address or IP address")
        }
    }

    /// The email address, or the network.
    var description: String {
        switch self {
        case .account(let email): email.value
        case .network(let address): ClientNetwork.of(address.description)
        }
    }
}

/// A rate limit in use.
struct LimitRecord: Sendable, Equatable, Encodable {
    /// The kind, as in the audit trail's `detail`.
    let kind: String
    /// The keyed hash of its subject, in hexadecimal.
    let subject: String
    /// The account, if known.
    let email: String?
    /// The network, if known.
    let network: String?
    /// The number of used attempts.
    let used: Int
    /// The number of allowed attempts.
    let attempts: Int
    /// Seconds until the next attempt; 0 when one is available.
    let wait: Int
    /// When all attempts are available again.
    let freeAt: Date

    /// The subject in short form.
    var subjectLabel: String { network ?? email ?? "#" + subject.dropFirst(2).prefix(12) }

    private enum CodingKeys: String, CodingKey {
        case kind, subject, email, network, used, attempts
        case wait = "wait_seconds"
        case freeAt = "free_at"
    }
}

extension OperatorService {
    /// The rate limits in use, the slowest to recover first.
    func limits(of target: LimitTarget?, limit: Int64) async throws -> [LimitRecord] {
        let now = Date.now
        var keys: [ThrottleKey]?
        if let target { keys = try await self.keys(of: target) }
        return try await store.limits(keys, at: now, limit: limit).compactMap { row in
            guard let kind = ThrottleKey.Kind(rawValue: row.kind) else { return nil }
            let limit = settings.throttleLimits[kind]
            let used = Int64((row.busyUntil.timeIntervalSince(now) * 1_000_000).rounded(.up))
            let wait = max(0, used + limit.cost - limit.capacity)
            var email = row.email
            var network = row.address.map(ClientNetwork.of)
            if kind.isNetwork { email = nil } else { network = nil }
            switch target {
            case .account(let address): email = address.value
            case .network: network = target?.description
            case nil: break
            }
            return LimitRecord(
                kind: kind.description,
                subject: row.subject,
                email: email,
                network: network,
                used: min(limit.attempts, Int((used + limit.cost - 1) / limit.cost)),
                attempts: limit.attempts,
                wait: Int((wait + 999_999) / 1_000_000),
                freeAt: row.busyUntil
            )
        }
    }

    /// Clears rate limits; returns their number.
    func clearLimits(of target: LimitTarget) async throws -> Int {
        var user: UserRecord?
        if case .account(let email) = target { user = try await store.user(.email(email)) }
        return try await store.clearLimits(keys(of: target), of: user?.id)
    }

    private func keys(of target: LimitTarget) async throws -> [ThrottleKey] {
        switch target {
        case .account(let email):
            let devices = try await store.devices(of: email)
            let user = try await store.user(.email(email))?.id
            let own = user.map { [keys.owner($0), keys.profile($0)] } ?? []
            return [keys.account(email)] + devices.map(keys.device) + own
        case .network(let address): return keys.networks(address.description)
        }
    }
}

extension OperatorStore {
    /// A row of the table, with details from the audit trail.
    struct LimitRow: Sendable {
        let kind: UInt8
        let subject: String
        let busyUntil: Date
        let email: String?
        let address: String?
    }

    /// Selects the rate limits in use.
    fileprivate func limits(_ keys: [ThrottleKey]?, at now: Date, limit: Int64) async throws -> [LimitRow] {
        try await postgres.reading { try $0.all(FindLimits(keys: keys, now: now, limit: limit)) }
    }

    /// Selects the known browsers of an account, from the audit trail.
    fileprivate func devices(of email: EmailAddress) async throws -> [DeviceID] {
        try await postgres.reading { try $0.all(FindDevices(email: email)) }
    }

    /// Removes rate limits, in the order in which rows are locked.
    fileprivate func clearLimits(_ keys: [ThrottleKey], of user: UserID?) async throws -> Int {
        try await postgres.transaction(retrying: true) { try $0.run(ClearLimits(keys: keys, user: user)) }
    }
}

private struct FindLimits: ReadStatement {
    static let sql: StaticString = """
        SELECT get_byte(throttles.key, 0), encode(throttles.key, 'hex'), busy_until, users.email, met.address
        FROM throttles
        LEFT JOIN LATERAL (
            SELECT user_id, address FROM audit_events WHERE subject = throttles.key AND period IS NOT NULL
            ORDER BY period DESC LIMIT 1
        ) AS met ON true
        LEFT JOIN users ON users.id = met.user_id
        WHERE busy_until > $1 AND ($2 OR throttles.key = ANY ($3))
        ORDER BY busy_until DESC, throttles.key LIMIT $4
        """
    let keys: [ThrottleKey]?
    let now: Date
    let limit: Int64
    var parameters: [PostgresValue] {
        [.timestamp(now), .bool(keys == nil), .bytesArray((keys ?? []).map(\.bytes)), .int8(limit)]
    }

    static func decode(_ row: PostgresRow) throws -> OperatorStore.LimitRow {
        OperatorStore.LimitRow(
            kind: UInt8(truncatingIfNeeded: try row.int4(0)),
            subject: try row.text(1),
            busyUntil: try row.timestamp(2),
            email: try row.optionalText(3),
            address: try row.optionalText(4)
        )
    }
}

private struct FindDevices: ReadStatement {
    static let sql: StaticString = """
        SELECT DISTINCT device_id FROM audit_events
        WHERE user_id = (SELECT id FROM users WHERE lower(email) = $1) AND device_id IS NOT NULL
        """
    let email: EmailAddress
    var parameters: [PostgresValue] { [.text(email.value)] }
    static func decode(_ row: PostgresRow) throws -> DeviceID { try row.uuid(0) }
}

private struct ClearLimits: Statement {
    static let sql: StaticString = """
        WITH locked AS (SELECT key FROM throttles WHERE key = ANY ($1) ORDER BY key FOR UPDATE),
        cleared AS (DELETE FROM throttles USING locked WHERE throttles.key = locked.key RETURNING throttles.key)
        INSERT INTO audit_events (event, user_id, subject) SELECT 'limit_cleared', $2, key FROM cleared
        """
    let keys: [ThrottleKey]
    let user: UserID?
    var parameters: [PostgresValue] { [.bytesArray(keys.map(\.bytes)), .uuid(orNull: user)] }
}
