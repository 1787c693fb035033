import Logging
import PostgresClient
import Synchronization

/// Records rejected users of the application in the audit trail: one event per session and reason.
final class AccessRejections: Sendable {
    /// The maximum number of cached rejections; then the cache is cleared, and the statement finds existing events.
    static let limit = 4096

    private struct Entry: Hashable {
        let session: SessionID
        let rejection: AccessPolicy.Rejection
    }

    private let postgres: PostgresPool
    private let recorded = Mutex<Set<Entry>>([])

    init(postgres: PostgresPool) { self.postgres = postgres }

    /// Records a rejection that has not been recorded yet.
    ///
    /// A failure is logged, and the next rejection retries.
    func record(_ rejection: AccessPolicy.Rejection, of signedIn: SignedIn, from trace: RequestTrace) async {
        let entry = Entry(session: signedIn.sessionID, rejection: rejection)
        let isNew = recorded.withLock { recorded in
            if recorded.count >= Self.limit { recorded.removeAll(keepingCapacity: true) }
            return recorded.insert(entry).inserted
        }
        guard isNew else { return }
        do {
            let event = RecordAccessRejection(rejection: rejection, signedIn: signedIn, trace: trace)
            _ = try await postgres.withConnection { try $0.run(event) }
        } catch {
            recorded.withLock { _ = $0.remove(entry) }
            Logger.current.warning("rejected access not recorded", metadata: ["error": .string("\(type(of: error))")])
        }
    }
}
