import CLibPQ
import Glibc

/// One connection of libpq, with a time limit on everything that waits for the server.
///
/// Belongs to one thread. libpq's own blocking calls wait without limit, so a server that is frozen rather than dead
/// would keep a worker for ever; here every wait is a `poll` that ends with the deadline.
@safe final class PostgresLink {
    private let handle: OpaquePointer
    private let usesTLS: Bool

    /// Whether the connection must not be used again.
    private(set) var isBroken = false

    /// When the job in hand must be answered.
    var deadline = Deadline.never

    /// Connects, trying each host for the connect timeout; throws `PostgresError` of kind `.notConnected`.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let parameters = configuration.connectionParameters
        guard
            let handle = unsafe withCStrings(
                parameters.map(\.keyword),
                { keywords in
                    unsafe withCStrings(parameters.map(\.value)) { values in
                        unsafe PQconnectdbParams(keywords, values, 0)
                    }
                }
            )
        else { throw .unavailable(.notConnected, "out of memory") }
        guard unsafe PQstatus(handle) == CONNECTION_OK, unsafe PQsetnonblocking(handle, 1) == 0 else {
            let error = unsafe Self.message(of: handle, hiding: configuration.password)
            unsafe PQfinish(handle)
            throw .unavailable(.notConnected, error)
        }
        // libpq prints notices on standard error unless told otherwise.
        _ = unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        unsafe self.handle = handle
        usesTLS = unsafe PQsslInUse(handle) != 0
    }

    deinit {
        unsafe PQfinish(handle)
    }

    /// Whether the connection is in no transaction.
    var isIdle: Bool { unsafe PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Whether the connection is in a transaction that has not failed.
    var isInTransaction: Bool { unsafe PQtransactionStatus(handle) == PQTRANS_INTRANS }

    /// Marks the connection as not to be used again.
    func abandon() {
        isBroken = true
    }

    /// Whether the server still holds its end, seen without waiting for it.
    func isAlive() -> Bool {
        guard !isBroken, unsafe PQstatus(handle) == CONNECTION_OK else { return false }
        // Something to read while idle is a notice, a changed parameter, or the end; the end may follow a notice closely.
        var wait: Int32 = 0
        for _ in 0..<8 {
            guard isReady(Int16(POLLIN), milliseconds: wait) else { return true }
            guard unsafe PQconsumeInput(handle) != 0, unsafe PQstatus(handle) == CONNECTION_OK else {
                abandon()
                return false
            }
            _ = unsafe PQisBusy(handle)
            wait = 5
        }
        return true
    }

    /// The SCRAM verifier by which a server knows a role's password, computed here.
    func verifier(ofPassword password: String, role: String) throws(PostgresError) -> String {
        guard let text = unsafe PQencryptPasswordConn(handle, password, role, "scram-sha-256") else {
            throw PostgresError(kind: .misuse, detail: "libpq makes no verifier of the password")
        }
        defer { unsafe PQfreemem(text) }
        return unsafe String(cString: text)
    }

    /// Sends text that may hold several statements, without parameters, and gives the last result.
    func run(_ text: UnsafePointer<CChar>, name: String) throws(PostgresError) -> PostgresResult {
        try send(name) { unsafe PQsendQuery(handle, text) }
    }

    /// Prepares a statement under a name that is new on this connection.
    func prepare(
        _ planName: [CChar],
        _ sql: StaticString,
        types: [UInt32],
        name: String
    ) throws(PostgresError) {
        _ = try send(name) {
            unsafe sql.utf8Start.withMemoryRebound(to: CChar.self, capacity: sql.utf8CodeUnitCount + 1) { text in
                unsafe PQsendPrepare(handle, planName, text, Int32(types.count), types)
            }
        }
    }

    /// Runs a prepared statement; parameters and results are binary.
    func execute(
        _ planName: [CChar],
        _ parameters: borrowing PostgresParameters,
        name: String
    ) throws(PostgresError) -> PostgresResult {
        let (places, bytes) = (parameters.places, parameters.bytes)
        return try send(name) { sendPrepared(planName, places, bytes) }
    }

    /// Hands a prepared statement to libpq; 0 on failure.
    private func sendPrepared(_ planName: [CChar], _ places: [(offset: Int, length: Int)], _ bytes: [UInt8]) -> Int32 {
        let count = places.count
        return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                unsafe bytes.withUnsafeBytes { buffer in
                    for (index, place) in places.enumerated() {
                        let start = unsafe buffer.baseAddress?.advanced(by: place.offset)
                        unsafe values[index] = place.length < 0 ? nil : start?.assumingMemoryBound(to: CChar.self)
                        unsafe numbers[index] = Int32(clamping: max(place.length, 0))
                        unsafe numbers[count + index] = 1
                    }
                    return unsafe PQsendQueryPrepared(
                        handle,
                        planName,
                        Int32(count),
                        values.baseAddress,
                        numbers.baseAddress,
                        numbers.baseAddress?.advanced(by: count),
                        1
                    )
                }
            }
        }
    }

    /// Sends by `body`, which answers 0 on failure, and collects the results: the first error or the last result.
    private func send(_ name: String, _ body: () -> Int32) throws(PostgresError) -> PostgresResult {
        guard !isBroken else { throw .unavailable(.connectionLost, "the connection broke before", statement: name) }
        guard body() != 0 else { throw lost(name) }
        try flush(name)
        var last: PostgresResult?
        var failure: PostgresError?
        while true {
            try awaitInput(name)
            guard let raw = unsafe PQgetResult(handle) else { break }
            let result = unsafe PostgresResult(raw)
            switch result.status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                last = result
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                abandon()
                throw PostgresError(kind: .misuse, statement: name, detail: "COPY is not supported")
            default:
                let error = result.error(statement: name)
                failure = failure ?? error
                if unsafe error.endsConnection || PQstatus(handle) != CONNECTION_OK { abandon() }
                if isBroken { throw error }
            }
        }
        if let failure { throw failure }
        guard let last else { throw lost(name) }
        return last
    }

    /// Runs several prepared statements in one round trip (libpq, "Pipeline Mode"), all in one transaction.
    ///
    /// When one fails, the server skips those behind it: their results, like its own, are nil.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - name: what errors call them.
    ///   - send: hands the statement of that number over by `enqueue`.
    /// - Returns: their results, in order.
    /// - Throws: `PostgresError` when the connection broke, or `send` did; then it is given up.
    func executeTogether(
        _ count: Int,
        name: String,
        send: (Int) throws(PostgresError) -> Void
    ) throws(PostgresError) -> [PostgresResult?] {
        guard !isBroken else { throw .unavailable(.connectionLost, "the connection broke before", statement: name) }
        guard unsafe PQenterPipelineMode(handle) != 0 else { throw lost(name) }
        do throws(PostgresError) {
            for index in 0..<count { try send(index) }
        } catch {
            abandon()
            throw error
        }
        guard unsafe PQpipelineSync(handle) != 0 else { throw lost(name) }
        try flush(name)
        var results: [PostgresResult?] = []
        var isBetween = false
        while true {
            try awaitInput(name)
            guard let raw = unsafe PQgetResult(handle) else {
                guard !isBetween, unsafe PQstatus(handle) == CONNECTION_OK else { throw lost(name) }
                isBetween = true
                continue
            }
            isBetween = false
            let result = unsafe PostgresResult(raw)
            switch result.status {
            case PGRES_PIPELINE_SYNC:
                guard results.count == count, unsafe PQexitPipelineMode(handle) != 0 else { throw lost(name) }
                return results
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                results.append(result)
            case PGRES_PIPELINE_ABORTED:
                results.append(nil)
            default:
                let error = result.error(statement: name)
                if unsafe error.endsConnection || PQstatus(handle) != CONNECTION_OK { abandon() }
                if isBroken { throw error }
                results.append(nil)
            }
        }
    }

    /// Adds a prepared statement to those that `executeTogether` runs; to be called by its closure only.
    func enqueue(
        _ planName: [CChar],
        _ parameters: borrowing PostgresParameters,
        name: String
    ) throws(PostgresError) {
        guard sendPrepared(planName, parameters.places, parameters.bytes) != 0 else { throw lost(name) }
    }

    /// Hands everything to the kernel, reading meanwhile so that neither side waits for the other.
    private func flush(_ name: String) throws(PostgresError) {
        while true {
            let left = unsafe PQflush(handle)
            guard left != 0 else { return }
            guard left > 0 else { throw lost(name) }
            try poll(Int16(POLLIN) | Int16(POLLOUT), name)
            guard unsafe PQconsumeInput(handle) != 0 else { throw lost(name) }
        }
    }

    /// Waits until the next result can be taken without blocking.
    private func awaitInput(_ name: String) throws(PostgresError) {
        while unsafe PQisBusy(handle) != 0 {
            try poll(Int16(POLLIN), name)
            guard unsafe PQconsumeInput(handle) != 0 else { throw lost(name) }
        }
    }

    /// Waits for the socket until the deadline, after which the connection is given up.
    private func poll(_ events: Int16, _ name: String) throws(PostgresError) {
        while true {
            let left = deadline.pollMilliseconds
            guard left != 0 else {
                abandon()
                throw .unavailable(.noAnswer, "the server did not answer in time", statement: name)
            }
            // OpenSSL may hold bytes that the socket no longer shows, so with TLS look again every 5 ms.
            let slice = usesTLS ? (left < 0 ? 5 : min(left, 5)) : left
            if isReady(events, milliseconds: slice) || usesTLS { return }
        }
    }

    /// Whether the socket is ready, waiting up to `milliseconds` (-1: for ever).
    private func isReady(_ events: Int16, milliseconds: Int32) -> Bool {
        var request = unsafe pollfd(fd: PQsocket(handle), events: events, revents: 0)
        return unsafe Glibc.poll(&request, 1, milliseconds) > 0
    }

    /// Gives the connection up and says why.
    private func lost(_ name: String) -> PostgresError {
        abandon()
        return .unavailable(.connectionLost, unsafe Self.message(of: handle, hiding: nil), statement: name)
    }

    /// libpq's own words about the connection, in one line.
    private static func message(of handle: OpaquePointer, hiding password: String?) -> String {
        guard let text = unsafe PQerrorMessage(handle) else { return "" }
        let line = unsafe String(cString: text).split(separator: "\n").joined(separator: "; ")
        guard let password, !password.isEmpty else { return line }
        return line.replacing(password, with: "***")
    }
}

/// Calls `body` with a NULL-terminated array of C strings that live no longer than the call.
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
