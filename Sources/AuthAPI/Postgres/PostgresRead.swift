/// A job that is one statement which only reads, so that it can share a round trip with others.
protocol PostgresRead: PostgresJob {
    /// When it must be answered.
    var endsBy: Deadline { get }
    /// Says how long it has waited; called once, before anything else.
    func starts()
    /// Makes sure that its statement is prepared.
    func prepare(on connection: PostgresConnection) throws(PostgresError)
    /// Hands its statement over, to be run with the others.
    func enqueue(on connection: PostgresConnection) throws(PostgresError)
    /// Hands on what the result holds.
    func finish(with result: PostgresResult)
    /// Runs by itself and hands on its row or error, like `run`, when it has started already.
    func runAlone(on connection: PostgresConnection)
}

extension PostgresRead {
    var onlyReads: Bool { true }
    var asRead: (any PostgresRead)? { self }

    func run(on connection: PostgresConnection) {
        starts()
        runAlone(on: connection)
    }
}

/// A statement, and the task that waits for its first row.
final class PostgresReadJob<S: Statement>: PostgresRead {
    let id: UInt64
    let waitsUntil: Deadline
    let endsBy: Deadline
    private let statement: S
    private let onStart: @Sendable () -> Void
    private let continuation: CheckedContinuation<S.Row?, any Error>

    /// Makes a job that starts waiting now; `onStart` is called when the wait ends.
    init(
        id: UInt64,
        _ configuration: PostgresConfiguration,
        _ statement: S,
        onStart: @escaping @Sendable () -> Void,
        _ continuation: CheckedContinuation<S.Row?, any Error>
    ) {
        let now = Deadline.now
        let end = DatabasePatience.current?.end(from: now) ?? .never
        self.id = id
        waitsUntil = min(now.adding(configuration.waitTimeout), end)
        endsBy = min(now.adding(configuration.jobTimeout), end)
        self.statement = statement
        self.onStart = onStart
        self.continuation = continuation
    }

    func starts() { onStart() }

    func prepare(on connection: PostgresConnection) throws(PostgresError) {
        try connection.prepare(statement)
    }

    func enqueue(on connection: PostgresConnection) throws(PostgresError) {
        try connection.enqueue(statement)
    }

    func finish(with result: PostgresResult) {
        continuation.resume(
            with: Result {
                guard result.rowCount > 0 else { return nil }
                return try S.decode(PostgresRow(result: result, index: 0, statement: S.self))
            }
        )
    }

    func runAlone(on connection: PostgresConnection) {
        connection.setDeadline(endsBy)
        continuation.resume(with: Result { try connection.first(statement) })
    }

    func fail(_ error: any Error) {
        continuation.resume(throwing: error)
    }
}

/// Reads that share a round trip.
final class PostgresReads: PostgresJob {
    /// They, two or more.
    let reads: [any PostgresRead]
    let id: UInt64
    let waitsUntil: Deadline
    let onlyReads = true

    /// Puts reads together that have been taken out of the queue.
    init(_ reads: [any PostgresRead]) {
        self.reads = reads
        id = reads.first?.id ?? 0
        // None is refused because another has waited longer.
        waitsUntil = reads.map(\.waitsUntil).max() ?? .never
    }

    /// Runs them; those that the server refuses, or skips because it refused one before, run again by themselves.
    func run(on connection: PostgresConnection) {
        let now = Deadline.now
        let late = reads.filter { $0.waitsUntil <= now }
        for read in late { read.fail(PostgresError.unavailable(.waitedTooLong)) }
        let reads = reads.filter { now < $0.waitsUntil }
        for read in reads { read.starts() }
        // That of the most patient: a connection that is given up costs all of them their answers.
        connection.setDeadline(reads.map(\.endsBy).max() ?? .never)
        do throws(PostgresError) {
            let results = try connection.runTogether(reads)
            for (read, result) in zip(reads, results) {
                if let result { read.finish(with: result) } else { read.runAlone(on: connection) }
            }
        } catch {
            for read in reads {
                if connection.isBroken { read.fail(error) } else { read.runAlone(on: connection) }
            }
        }
    }

    func fail(_ error: any Error) {
        for read in reads { read.fail(error) }
    }
}
