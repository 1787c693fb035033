import FoundationEssentials
import Shared

/// Reads the audit trail, part by part, so that its length costs no memory.
struct AuditService: Sendable {
    let store: AuditStore
    let keys: ThrottleKeys
    /// Those of the `SECRET_KEY` in use before, under which older events may be.
    var previousKeys: ThrottleKeys?
    /// How many events one part has.
    var partSize: Int64 = 1000

    /// Whose events are meant: by address also those of accounts that had it and are gone, and what was tried at it while
    /// it had none.
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

    /// Hands on the events, oldest first.
    ///
    /// - Parameters:
    ///   - query: which events.
    ///   - newest: at most so many, the newest of them; nil for all.
    ///   - show: called for each part; there may be none.
    /// - Throws: what `show` throws, and ``PostgresError``.
    func read(
        _ query: AuditQuery,
        newest: Int64? = nil,
        _ show: ([AuditRecord]) throws -> Void
    ) async throws {
        var place = AuditPlace(time: query.since ?? .distantPast, id: 0)
        if let newest, let start = try await store.place(ofNewest: newest, matching: query) { place = start }
        while true {
            let part = try await store.events(matching: query, from: place, limit: partSize)
            if !part.isEmpty { try show(part) }
            guard part.count == Int(partSize), let last = part.last else { return }
            place = AuditPlace(time: last.occurredAt, id: last.id + 1)
        }
    }
}
