import CLibPQ
import Glibc

/// A connection that is never completed: it shows the parameters that libpq fills in.
@safe final class ConnectionStart {
    private let handle: OpaquePointer

    /// Starts to connect; nil when memory is exhausted.
    init?(_ configuration: PostgresConfiguration) {
        let parameters = configuration.connectionParameters
        var keywords = unsafe parameters.map { unsafe UnsafePointer<CChar>(strdup($0.keyword)) }
        var values = unsafe parameters.map { unsafe UnsafePointer<CChar>(strdup($0.value)) }
        defer { unsafe (keywords + values).forEach { unsafe free(UnsafeMutableRawPointer(mutating: $0)) } }
        unsafe keywords.append(nil)
        unsafe values.append(nil)
        guard let handle = unsafe PQconnectStartParams(keywords, values, 0) else { return nil }
        _ = unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        unsafe self.handle = handle
    }

    deinit { unsafe PQfinish(handle) }

    /// The role; nil when the connection string is invalid.
    var user: String? { unsafe Self.text(PQuser(handle)) }

    /// The password, from any source that libpq reads.
    var password: String? { unsafe Self.text(PQpass(handle)) }

    /// The database.
    var database: String? { unsafe Self.text(PQdb(handle)) }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        let text = unsafe String(cString: pointer)
        return text.isEmpty ? nil : text
    }

    /// libpq's error message.
    var message: String {
        guard let text = unsafe PQerrorMessage(handle) else { return "" }
        return unsafe String(cString: text).split(separator: "\n").joined(separator: "; ")
    }
}
