import CLibPQ
import Logging
import Synchronization

/// Logs notices of the server and of libpq, each text once per process.
///
/// By default libpq prints them to standard error, for every connection.
@safe final class PostgresNotices: Sendable {
    /// The maximum number of texts to remember; further ones are not logged.
    private static let most = 200
    private static let loggedNotices = Mutex<Set<String>>([])

    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Receives the notices of a connection, which must not outlive this object.
    func listen(to handle: OpaquePointer) {
        _ = unsafe PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                unsafe Unmanaged<PostgresNotices>.fromOpaque(context).takeUnretainedValue().log(result)
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    /// Logs a notice that was not logged before.
    private func log(_ result: OpaquePointer) {
        func field(_ code: Int32) -> String? {
            unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
        }
        guard let message = field(clibpq_field_message) else { return }
        let isNew = Self.loggedNotices.withLock { loggedNotices in
            loggedNotices.count < Self.most && loggedNotices.insert(message).inserted
        }
        guard isNew else { return }
        let level: Logger.Level = field(clibpq_field_severity) == "WARNING" ? .warning : .debug
        logger.log(
            level: level,
            "PostgreSQL notice",
            metadata: [
                "notice": .string(String(message.prefix(500))),
                "hint": .string(String((field(clibpq_field_hint) ?? "").prefix(500))),
                "sqlstate": .string(field(clibpq_field_sqlstate) ?? ""),
            ]
        )
    }
}
