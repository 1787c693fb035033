import PostgresClient

struct RecordAccessRejection: Statement {
    static let sql: StaticString = """
        INSERT INTO audit_events (event, user_id, session_id, detail, device_id, address, user_agent, request_id)
        SELECT 'access_refused', $1, $2, $3, $4, $5, $6, $7
        WHERE NOT EXISTS (
            SELECT FROM audit_events
            WHERE user_id = $1 AND event = 'access_refused' AND session_id = $2 AND detail = $3
        )
        """
    let rejection: AccessPolicy.Rejection
    let signedIn: SignedIn
    let trace: RequestTrace
    var parameters: [PostgresValue] {
        [.uuid(signedIn.user.id), .uuid(signedIn.sessionID), .text(rejection.rawValue)] + trace.parameters
    }
}
