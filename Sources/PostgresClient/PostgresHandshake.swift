import CLibPQ
import Glibc

/// Opens a connection without blocking in libpq, so that the timeout applies to each address, and closing the pool
/// aborts the attempt.
@safe struct PostgresHandshake {
    let configuration: PostgresConfiguration
    let notices: PostgresNotices
    /// Whether to abort the attempt.
    let isStopped: @Sendable () -> Bool

    /// Tries each address of each host; throws `PostgresError` of kind `.notConnected`, `.refused` or `.closed`.
    func connect() throws(PostgresError) -> OpaquePointer {
        var failures: [PostgresError] = []
        for attributes in configuration.sessionAttributes {
            for host in configuration.hosts {
                var places: [PostgresHost] = []
                do throws(PostgresError) { places = try host.resolved() } catch { failures.append(error) }
                for place in places {
                    do throws(PostgresError) {
                        return unsafe try attempt(place, attributes)
                    } catch {
                        failures.append(error)
                        guard error.leavesOtherHosts else { throw error }
                    }
                }
            }
        }
        guard var failure = failures.last(where: { $0.sqlState != nil }) ?? failures.last else {
            throw .unavailable(.notConnected, "no host is named")
        }
        failure.detail = failures.map(\.detail).joined(separator: "; ")
        throw failure
    }

    private func attempt(_ host: PostgresHost, _ attributes: String?) throws(PostgresError) -> OpaquePointer {
        let parameters = configuration.connectionParameters(for: host, sessionAttributes: attributes)
        guard
            let handle = unsafe withCStrings(
                parameters.map(\.keyword),
                { keywords in
                    unsafe withCStrings(parameters.map(\.value)) { values in
                        unsafe PQconnectStartParams(keywords, values, 0)
                    }
                }
            )
        else { throw .unavailable(.notConnected, "out of memory") }
        do throws(PostgresError) {
            try unsafe complete(handle)
            return unsafe handle
        } catch {
            unsafe PQfinish(handle)
            throw error
        }
    }

    /// Performs the steps of the handshake (libpq, "PQconnectPoll").
    private func complete(_ handle: OpaquePointer) throws(PostgresError) {
        unsafe notices.listen(to: handle)
        // The only way to get the SQLSTATE of a refused connection.
        _ = unsafe PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        let deadline = Deadline.now.adding(configuration.connectLimit)
        var events = Int16(POLLOUT)
        while true {
            guard unsafe PQstatus(handle) != CONNECTION_BAD else { throw unsafe failure(of: handle) }
            try unsafe wait(for: events, on: handle, until: deadline)
            switch unsafe PQconnectPoll(handle) {
            case PGRES_POLLING_READING: events = Int16(POLLIN)
            case PGRES_POLLING_WRITING: events = Int16(POLLOUT)
            case PGRES_POLLING_OK:
                guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw unsafe failure(of: handle) }
                _ = unsafe PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
                return
            default: throw unsafe failure(of: handle)
            }
        }
    }

    private func wait(
        for events: Int16,
        on handle: OpaquePointer,
        until deadline: Deadline
    ) throws(PostgresError) {
        while true {
            guard !isStopped() else { throw .unavailable(.closed, "the pool is closing") }
            let left = deadline.pollMilliseconds
            guard left != 0 else {
                let place = unsafe PQhost(handle).map { unsafe String(cString: $0) } ?? "the server"
                throw .unavailable(.notConnected, "connection to \(place) failed: timeout expired")
            }
            var request = unsafe pollfd(fd: PQsocket(handle), events: events, revents: 0)
            if unsafe poll(&request, 1, left < 0 ? PostgresLink.glance : min(left, PostgresLink.glance)) > 0 { return }
        }
    }

    private func failure(of handle: OpaquePointer) -> PostgresError {
        let message = unsafe PostgresLink.message(of: handle, hiding: configuration.password)
        return ConnectFailure(message: message, needsPassword: unsafe PQconnectionNeedsPassword(handle) != 0).error
    }
}

/// libpq's message about a failed connection, with the server's errors in verbose form.
struct ConnectFailure {
    /// The message without SQLSTATE and source location, on one line.
    let detail: String
    /// The server's code; nil when the error is not the server's.
    let sqlState: String?
    private let needsPassword: Bool

    init(message: String, needsPassword: Bool = false) {
        var lines: [String] = []
        var state: String?
        for line in message.split(separator: "\n") where !line.hasPrefix("LOCATION:") {
            let line = line.drop { $0 == "\t" || $0 == " " }
            // `FATAL:  28P01: password authentication failed`; the word before the code may be in any language.
            guard let gap = line.firstRange(of: ":  "), let code = Self.code(line[gap.upperBound...]) else {
                lines.append(String(line))
                continue
            }
            state = String(code)
            lines.append(String(line[..<gap.upperBound]) + String(line[code.endIndex...].dropFirst(2)))
        }
        detail = lines.joined(separator: "; ")
        sqlState = state
        self.needsPassword = needsPassword
    }

    /// The SQLSTATE at the beginning of a text, if a colon follows.
    private static func code(_ text: Substring) -> Substring? {
        let code = text.prefix(5)
        let isCode = code.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
        return isCode && code.utf8.count == 5 && text.dropFirst(5).hasPrefix(": ") ? code : nil
    }

    /// The same as an error.
    var error: PostgresError {
        var error = PostgresError.unavailable(isRefusal ? .refused : .notConnected, detail)
        error.sqlState = sqlState
        return error
    }

    /// Whether a retry would fail for the same reason: role, password, database or CONNECT privilege.
    private var isRefusal: Bool {
        guard let sqlState else { return needsPassword }
        if sqlState.hasPrefix("28") || ["3D000", "42501"].contains(sqlState) { return true }
        return sqlState == "08P01" && PostgresError.isPoolerRefusal(detail)
    }
}

extension PostgresError {
    /// Whether another host may accept the connection: this one is down, starting up, full, a pooler without its
    /// server, or has the wrong session attributes.
    fileprivate var leavesOtherHosts: Bool {
        kind != .unavailable(.closed) && (sqlState == nil || !isRefusal)
    }
}

/// Calls `body` with a NULL-terminated array of C strings that are valid during the call only.
private func withCStrings<Value>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value?
) -> Value? {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return nil }
        var pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { unsafe base + $0 }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe $0.baseAddress.flatMap { unsafe body($0) } }
    }
}
