import FoundationEssentials

/// Reads the audit trail in parts, so that memory does not depend on its length.
struct AuditService: Sendable {
    let store: AuditStore
    let keys: ThrottleKeys
    /// The keys of the previous `SECRET_KEY`, for older events.
    var previousKeys: ThrottleKeys?
    /// The number of events per part.
    var partSize: Int64 = 1000

    /// The subject of a query.
    ///
    /// By address, it includes deleted accounts that had the address, and attempts with the address while it had no
    /// account.
    func subject(_ reference: UserReference) -> AuditQuery.Subject {
        switch reference {
        case .id: AuditQuery.Subject(reference: reference)
        case .email(let email):
            AuditQuery.Subject(
                reference: reference,
                key: keys.account(email),
                previousKey: previousKeys?.account(email)
            )
        }
    }

    /// Passes the events to `show`, oldest first.
    ///
    /// - Parameters:
    ///   - query: the selection.
    ///   - newest: the maximum number of events, counted from the newest; nil for all.
    ///   - show: called for each part, if there are any.
    /// - Throws: the errors of `show`, and ``PostgresError``.
    func read(
        _ query: AuditQuery,
        newest: Int64? = nil,
        _ show: ([AuditRecord]) throws -> Void
    ) async throws {
        var position = AuditPosition(time: query.since ?? .distantPast, id: 0)
        if let newest, let start = try await store.position(ofNewest: newest, matching: query) { position = start }
        while true {
            let part = try await store.events(matching: query, from: position, limit: partSize)
            if !part.isEmpty { try show(part) }
            guard part.count == Int(partSize), let last = part.last else { return }
            position = AuditPosition(time: last.occurredAt, id: last.id + 1)
        }
    }
}
