import FoundationEssentials
import PostgresClient
import Shared

struct RecordFailedConfirmation: Statement {
    static let sql: StaticString = """
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        VALUES ('confirmation_failed', $1, $2, 'wrong_password', $3, $4, $5, $6)
        """
    let failure: FailedConfirmation
    var parameters: [PostgresValue] {
        [.uuid(failure.visitor.user.id), .uuid(failure.visitor.sessionID)] + failure.trace.parameters
    }
}

struct RecordFailedSignIn: Statement {
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

/// Uses a function, because the serving role may not delete events itself.
struct RemoveExpiredEvents: Statement {
    static let sql: StaticString = "SELECT remove_audit_events($1, $2)"
    let days: Int32
    let limit: Int64
    var parameters: [PostgresValue] { [.int4(days), .int8(limit)] }
    static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
}

extension AuditQuery {
    /// Six parameters: the event; the subject's ID, address, key and previous key; the end.
    fileprivate var parameters: [PostgresValue] {
        let reference: [PostgresValue] =
            switch subject?.reference {
            case nil: [.nullUUID, .nullText]
            case .id(let id): [.uuid(id), .nullText]
            case .email(let email): [.nullUUID, .text(email.value)]
            }
        return [.text(orNull: event?.rawValue)] + reference
            + [.bytes(orNull: subject?.key?.bytes), .bytes(orNull: subject?.previousKey?.bytes)]
            + [.timestamp(until ?? .distantFuture)]
    }
}

struct FindEvents: ReadStatement {
    // An address selects the account that has it, accounts that had it when they were deleted, and attempts without an
    // account. Start and end are always set: an optional condition cannot use an index.
    static let sql: StaticString = """
        SELECT id, occurred_at, event, user_id, (SELECT email FROM users WHERE users.id = user_id),
            encode(subject, 'hex'), provider, detail, session_id, device_id, address, user_agent, request_id
        FROM audit_events
        WHERE ($1 IS NULL OR event = $1)
            AND (($2 IS NULL AND $3 IS NULL) OR subject IN ($4, $5) OR user_id = ANY (ARRAY(
                SELECT $2 UNION SELECT users.id FROM users WHERE lower(users.email) = $3
                UNION SELECT gone.user_id FROM audit_events AS gone WHERE gone.subject IN ($4, $5)
            )))
            AND occurred_at < $6 AND (occurred_at, id) >= ($7, $8)
        ORDER BY occurred_at, id LIMIT $9
        """
    let query: AuditQuery
    let position: AuditPosition
    let limit: Int64
    var parameters: [PostgresValue] {
        query.parameters + [.timestamp(position.time), .int8(position.id), .int8(limit)]
    }

    static func decode(_ row: PostgresRow) throws -> AuditRecord {
        AuditRecord(
            id: try row.int8(0),
            occurredAt: try row.timestamp(1),
            event: try row.text(2),
            user: try row.optionalUUID(3)?.lowercaseText,
            email: try row.optionalText(4),
            subject: try row.optionalText(5),
            provider: try row.optionalText(6),
            detail: try row.optionalText(7),
            session: try row.optionalUUID(8)?.lowercaseText,
            device: try row.optionalUUID(9)?.lowercaseText,
            address: try row.optionalText(10),
            userAgent: try row.optionalText(11),
            requestID: try row.optionalText(12)
        )
    }
}

struct FindPosition: ReadStatement {
    // The same conditions as above.
    static let sql: StaticString = """
        SELECT occurred_at, id FROM audit_events
        WHERE ($1 IS NULL OR event = $1)
            AND (($2 IS NULL AND $3 IS NULL) OR subject IN ($4, $5) OR user_id = ANY (ARRAY(
                SELECT $2 UNION SELECT users.id FROM users WHERE lower(users.email) = $3
                UNION SELECT gone.user_id FROM audit_events AS gone WHERE gone.subject IN ($4, $5)
            )))
            AND occurred_at < $6 AND occurred_at >= $7
        ORDER BY occurred_at DESC, id DESC OFFSET $8 LIMIT 1
        """
    let query: AuditQuery
    let count: Int64
    var parameters: [PostgresValue] {
        query.parameters + [.timestamp(query.since ?? .distantPast), .int8(count - 1)]
    }
    static func decode(_ row: PostgresRow) throws -> AuditPosition {
        AuditPosition(time: try row.timestamp(0), id: try row.int8(1))
    }
}
