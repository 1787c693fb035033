import CLibPQ
import Glibc
import Logging

/// One libpq connection, with a time limit on every wait for the server.
///
/// Belongs to one thread. libpq's blocking calls wait without limit, so a server that hangs would block a worker
/// forever; here, every wait is a `poll` with a deadline. At the deadline the statement is cancelled and the connection
/// is kept, unless the server does not respond to that either.
@safe final class PostgresLink {
    /// How long the server may take to respond after a statement was cancelled.
    static let grace: Duration = .milliseconds(250)
    /// How often a wait checks whether the pool is closing, in milliseconds.
    static let glance: Int32 = 100

    private let handle: OpaquePointer
    private let usesTLS: Bool
    private let canceller: PostgresCanceller?
    private let notices: PostgresNotices
    private let isStopped: @Sendable () -> Bool

    /// Whether the connection must not be used again.
    private(set) var isBroken = false

    /// The properties of the session, once `settle` has determined them.
    var session = PostgresSession()

    /// The deadline of the current job.
    var deadline = Deadline.never

    /// The deadline of the running statement.
    private var limit = Deadline.never
    /// Whether the running statement was cancelled.
    private var cancellation: PostgresCancellation?

    /// Connects, with the connect timeout for each address, and configures the session.
    ///
    /// Throws `PostgresError` of kind `.notConnected` or `.refused`; of kind `.closed` once `isStopped`, which also
    /// aborts later waits.
    init(
        _ configuration: PostgresConfiguration,
        logger: Logger = Logger(label: "AuthAPI"),
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws(PostgresError) {
        let notices = PostgresNotices(logger: logger)
        unsafe handle = try PostgresHandshake(
            configuration: configuration,
            notices: notices,
            isStopped: isStopped
        ).connect()
        self.notices = notices
        self.isStopped = isStopped
        usesTLS = unsafe PQsslInUse(handle) != 0
        canceller = unsafe PostgresCanceller(handle)
        deadline = Deadline.now.adding(configuration.connectLimit)
        try settle(configuration)
        deadline = .never
    }

    deinit {
        unsafe PQfinish(handle)
    }

    /// Whether the connection is in no transaction.
    var isIdle: Bool { unsafe PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Whether the connection is in a transaction that has not failed.
    var isInTransaction: Bool { unsafe PQtransactionStatus(handle) == PQTRANS_INTRANS }

    /// The process ID of the server process, as announced on connecting.
    var announcedProcess: Int32 { unsafe PQbackendPID(handle) }

    /// The server's version; 170002 is 17.2.
    var serverVersion: Int32 { unsafe PQserverVersion(handle) }

    /// The startup parameter `options`, from the connection string, a service file or `PGOPTIONS`.
    var options: String { unsafe PQoptions(handle).map { unsafe String(cString: $0) } ?? "" }

    /// Marks the connection as broken.
    func abandon() {
        isBroken = true
    }

    /// Whether the server has not closed the connection; does not wait.
    func isAlive() -> Bool {
        guard !isBroken, unsafe PQstatus(handle) == CONNECTION_OK else { return false }
        // Data on an idle connection is a notice, a changed parameter, or the end; the end may follow a notice closely.
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

    /// The SCRAM verifier of a role's password, which the server stores; computed here.
    func verifier(ofPassword password: String, role: String) throws(PostgresError) -> String {
        guard let text = unsafe PQencryptPasswordConn(handle, password, role, "scram-sha-256") else {
            throw PostgresError(kind: .misuse, detail: "libpq cannot create a verifier of the password")
        }
        defer { unsafe PQfreemem(text) }
        return unsafe String(cString: text)
    }

    /// Sends one or more statements without parameters, and returns the last result.
    ///
    /// A statement that ends a transaction is never cancelled: the outcome would be unknown.
    func run(
        _ text: UnsafePointer<CChar>,
        name: String,
        endsTransaction: Bool = false
    ) throws(PostgresError) -> PostgresResult {
        // Leave time to roll back when the budget is used up.
        let limit = endsTransaction ? max(deadline, Deadline.now.adding(Self.grace)) : deadline
        return try send(name, until: limit, mayCancel: !endsTransaction) { unsafe PQsendQuery(handle, text) }
    }

    /// Prepares a statement under a name that is new on this connection.
    func prepare(
        _ planName: [CChar],
        _ sql: StaticString,
        types: [UInt32],
        name: String
    ) throws(PostgresError) {
        _ = try send(name, until: deadline) {
            unsafe sql.withCString { text in unsafe PQsendPrepare(handle, planName, text, Int32(types.count), types) }
        }
    }

    /// Runs a prepared statement; parameters and results are binary.
    func execute(
        _ planName: [CChar],
        _ parameters: borrowing PostgresParameters,
        name: String
    ) throws(PostgresError) -> PostgresResult {
        let (places, bytes) = (parameters.places, parameters.bytes)
        return try send(name, until: deadline) {
            unsafe withArguments(places, bytes) { count, values, lengths, formats in
                unsafe PQsendQueryPrepared(handle, planName, count, values, lengths, formats, 1)
            }
        }
    }

    /// Runs a statement without preparing it, in one round trip.
    func execute(
        _ sql: StaticString,
        types: [UInt32],
        _ parameters: borrowing PostgresParameters,
        name: String
    ) throws(PostgresError) -> PostgresResult {
        let (places, bytes) = (parameters.places, parameters.bytes)
        return try send(name, until: deadline) {
            unsafe withArguments(places, bytes) { count, values, lengths, formats in
                unsafe sql.withCString { text in
                    unsafe PQsendQueryParams(handle, text, count, types, values, lengths, formats, 1)
                }
            }
        }
    }

    /// Sends with `body`, which returns 0 on failure, and collects the results: the first error or the last result.
    private func send(
        _ name: String,
        until end: Deadline,
        mayCancel: Bool = true,
        _ body: () -> Int32
    ) throws(PostgresError) -> PostgresResult {
        guard !isBroken else {
            throw .unavailable(.connectionLost, "the connection was already broken", statement: name)
        }
        guard Deadline.now < end else { throw Self.late(name) }
        limit = end
        cancellation = nil
        guard body() != 0 else { throw lost(name) }
        try flush(name, mayCancel)
        var last: PostgresResult?
        var failure: PostgresError?
        while true {
            try awaitInput(name, mayCancel)
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
        if let cancellation {
            // Otherwise it could cancel the next statement.
            if !cancellation.waitUntilDone(by: limit) { abandon() }
            // Fails even on success: a cancelled commit may report success before a standby has it.
            if let failure, failure.sqlState != "57014" { throw failure }
            var late = Self.late(name)
            late.sqlState = failure?.sqlState
            throw late
        }
        if let failure { throw failure }
        guard let last else { throw lost(name) }
        return last
    }

    /// Passes all data to the kernel, reading meanwhile so that neither side blocks the other.
    private func flush(_ name: String, _ mayCancel: Bool) throws(PostgresError) {
        while true {
            let left = unsafe PQflush(handle)
            guard left != 0 else { return }
            guard left > 0 else { throw lost(name) }
            try poll(Int16(POLLIN) | Int16(POLLOUT), name, mayCancel)
            guard unsafe PQconsumeInput(handle) != 0 else { throw lost(name) }
        }
    }

    /// Waits until the next result can be read without blocking.
    private func awaitInput(_ name: String, _ mayCancel: Bool) throws(PostgresError) {
        while unsafe PQisBusy(handle) != 0 {
            try poll(Int16(POLLIN), name, mayCancel)
            guard unsafe PQconsumeInput(handle) != 0 else { throw lost(name) }
        }
    }

    /// Waits for the socket until the deadline, at which the statement is cancelled, or until the pool closes.
    private func poll(_ events: Int16, _ name: String, _ mayCancel: Bool) throws(PostgresError) {
        while true {
            let left = limit.pollMilliseconds
            if left == 0 || (cancellation == nil && isStopped()) {
                guard cancellation == nil, mayCancel, let started = canceller?.start() else {
                    abandon()
                    throw Self.late(name)
                }
                cancellation = started
                limit = Deadline.now.adding(Self.grace)
                continue
            }
            // With TLS, OpenSSL may have buffered bytes that the socket no longer shows, so check every 5 ms.
            let longest = usesTLS ? 5 : Self.glance
            if isReady(events, milliseconds: left < 0 ? longest : min(left, longest)) || usesTLS { return }
        }
    }

    /// Whether the socket is ready, waiting up to `milliseconds`.
    private func isReady(_ events: Int16, milliseconds: Int32) -> Bool {
        var request = unsafe pollfd(fd: PQsocket(handle), events: events, revents: 0)
        return unsafe Glibc.poll(&request, 1, milliseconds) > 0
    }

    /// Marks the connection as broken and returns the reason.
    private func lost(_ name: String) -> PostgresError {
        abandon()
        let message = unsafe Self.message(of: handle, hiding: nil).split(separator: "\n").joined(separator: "; ")
        return .unavailable(.connectionLost, message, statement: name)
    }

    /// The error of a statement whose time is over.
    private static func late(_ name: String) -> PostgresError {
        .unavailable(.noResponse, "the server did not respond in time", statement: name)
    }

    /// libpq's error message of a connection.
    static func message(of handle: OpaquePointer, hiding password: String?) -> String {
        guard let text = unsafe PQerrorMessage(handle) else { return "" }
        let message = unsafe String(cString: text)
        guard let password, !password.isEmpty else { return message }
        // By bytes: a password before a combining mark would not be found as characters.
        let hidden = Array(message.utf8).replacing(Array(password.utf8), with: Array("***".utf8))
        return String(decoding: hidden, as: UTF8.self)
    }
}
