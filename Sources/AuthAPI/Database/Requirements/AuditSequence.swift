import PostgresClient

/// Compares the sequence of the audit trail with its table.
///
/// Logical replication and partial restores copy rows without the sequence, which then repeats their numbers.
struct DescribeAuditSequence: ReadStatement {
    /// The result.
    struct State: Sendable {
        /// Whether the table has a number that the sequence has not assigned yet.
        let isBehind: Bool
        /// Whether the table has the next number, so that PostgreSQL rejects every event, and with it every sign-in.
        let isUsed: Bool
    }

    // Sees the rows of the time before it reads the sequence, so events that are stored meanwhile do not count.
    static let sql: StaticString = """
        SELECT taken IS NOT NULL, coalesce(taken - 1 = assigned, false)
        FROM (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM audit_events_id_seq) AS numbers (assigned),
            LATERAL (SELECT min(id) FROM audit_events WHERE id > assigned) AS later (taken)
        """

    static func decode(_ row: PostgresRow) throws -> State {
        State(isBehind: try row.bool(0), isUsed: try row.bool(1))
    }
}

extension DatabaseRequirements {
    var auditSequence: [DatabaseFault] {
        guard let sequence, sequence.isBehind else { return [] }
        let error = "duplicate key value violates unique constraint \"audit_events_pkey\" (SQLSTATE 23505): "
        let cause =
            "the sequence audit_events_id_seq is behind its table, as after logical replication or a partial restore"
        return [
            DatabaseFault(
                weight: sequence.isUsed ? .blocking : .advice,
                subject: "sequence",
                message: (sequence.isUsed ? error : "") + cause,
                fix: "run as the owner: SELECT setval('audit_events_id_seq', (SELECT max(id) FROM audit_events))"
            )
        ]
    }
}
