import FoundationEssentials
import PostgresClient

/// Access to the audit trail in the database.
struct AuditStore: Sendable {
    let postgres: PostgresPool

    /// Records a failed sign-in.
    func record(_ failure: FailedSignIn) async throws {
        _ = try await postgres.withConnection { try $0.run(RecordFailedSignIn(failure: failure)) }
    }

    /// Records that a signed-in user's password was wrong.
    func record(_ failure: FailedConfirmation) async throws {
        _ = try await postgres.withConnection { try $0.run(RecordFailedConfirmation(failure: failure)) }
    }

    /// Removes events older than that many days by the database's clock, at most `limit`, unless another replica is
    /// doing it.
    ///
    /// - Returns: the number of removed events; nil when another replica holds the lock.
    func removeExpired(keeping days: Int, limit: Int64) async throws -> Int? {
        try await postgres.transaction { db in
            guard try db.one(TryAuditSweepLock()) else { return nil }
            return Int(try db.one(RemoveExpiredEvents(days: Int32(clamping: days), limit: limit)))
        }
    }
}

/// A sign-in with a wrong password, or with an unknown address.
struct FailedSignIn: Sendable {
    /// The account; nil when the address has none.
    let user: UserID?
    /// The key of the address, as in the table of rate limits; stored only if there is no account.
    let subject: ThrottleKey
    let reason: SignInFailure
    let trace: RequestTrace
}

/// A wrong password of a signed-in user.
struct FailedConfirmation: Sendable {
    let user: SignedIn
    let trace: RequestTrace
}

private struct RecordFailedConfirmation: Statement {
    static let sql: StaticString = """
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        VALUES ('confirmation_failed', $1, $2, 'wrong_password', $3, $4, $5, $6)
        """
    let failure: FailedConfirmation
    var parameters: [PostgresValue] {
        [.uuid(failure.user.user.id), .uuid(failure.user.sessionID)] + failure.trace.parameters
    }
}

private struct RecordFailedSignIn: Statement {
    static let sql: StaticString = """
        INSERT INTO audit_events (event, user_id, subject, detail, device_id, address, user_agent, request_id)
        VALUES ('sign_in_failed', $1, $2, $3, $4, $5, $6, $7)
        """
    let failure: FailedSignIn
    var parameters: [PostgresValue] {
        [
            .uuid(orNull: failure.user), .bytes(orNull: failure.user == nil ? failure.subject.bytes : nil),
            .text(failure.reason.rawValue),
        ] + failure.trace.parameters
    }
}

/// Tries to acquire the lock for the removal of old events until the end of the transaction.
struct TryAuditSweepLock: Statement {
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(hashtextextended('yoshikosan.audit.sweep', 0))"
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

/// Uses a function, because the serving role may not delete events itself.
private struct RemoveExpiredEvents: Statement {
    static let sql: StaticString = "SELECT remove_audit_events($1, $2)"
    let days: Int32
    let limit: Int64
    var parameters: [PostgresValue] { [.int4(days), .int8(limit)] }
    static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
}
