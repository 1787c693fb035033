import Logging

/// One thread's life: connect, run jobs, connect again when the connection breaks, until the queue is closed.
struct PostgresWorker {
    /// The worker's number in the queue.
    let index: Int
    /// Where the jobs come from.
    let queue: PostgresJobQueue
    /// How to connect.
    let configuration: PostgresConfiguration
    /// Told about lost and restored connections.
    let logger: Logger

    /// Works until the queue is closed and empty.
    func run() {
        var broke: PostgresSchedule.Kind?
        while let connection = connect() {
            queue.countConnected()
            // Not before: another worker would take the next job that writes, and none would be left to those that read.
            if let broke { queue.ended(broke) }
            let goesOn = serve(connection, &broke)
            queue.countLost()
            guard goesOn else { break }
        }
        if let broke { queue.ended(broke) }
        queue.threadEnds()
    }

    /// Tries until a connection is there, with growing pauses of random length; nil when the queue closes meanwhile.
    private func connect() -> PostgresConnection? {
        var attempts = 0
        var pause = configuration.backoff.lowerBound
        while !queue.isClosing {
            do throws(PostgresError) {
                let link = try PostgresLink(configuration, logger: logger) { [queue] in queue.isStopped }
                if attempts > 0 {
                    logger.info("database connected", metadata: ["failed_attempts": "\(attempts)"])
                }
                return PostgresConnection(link)
            } catch {
                guard error.kind != .unavailable(.closed) else { break }
                // Once for each outage; a server that is away for an hour must not fill the log.
                let level: Logger.Level = attempts == 0 ? .warning : .debug
                logger.log(level: level, "database connection failed", metadata: ["reason": "\(error.detail)"])
                let isFinal = configuration.endsWhenRefused && error.kind == .unavailable(.refused)
                queue.countFailure(error, isFinal: isFinal)
            }
            attempts += 1
            // Random, so that many workers of many replicas do not return at the same moment.
            let wait = pause * Double.random(in: 0.5...1)
            guard queue.pause(index, until: Deadline.now.adding(wait)) else { return nil }
            pause = min(pause * 2, configuration.backoff.upperBound)
        }
        return nil
    }

    /// Runs jobs until the connection breaks (true, and what kind of job it broke with) or there will be no more (false).
    private func serve(_ connection: PostgresConnection, _ broke: inout PostgresSchedule.Kind?) -> Bool {
        broke = nil
        var last: PostgresSchedule.Kind?
        while let run = queue.next(for: index, after: last) {
            last = run.kind
            let now = Deadline.now
            let jobs = run.jobs.filter { now < $0.waitsUntil }
            if jobs.count < run.jobs.count {
                let late = run.jobs.filter { $0.waitsUntil <= now }
                for job in late { job.fail(PostgresError.unavailable(.waitedTooLong)) }
            }
            guard let first = jobs.first else { continue }
            // Costs a microsecond, and spares the first request after a restart of the server.
            guard connection.isAlive() else {
                queue.putBack(jobs)
                queue.ended(run.kind)
                return lost()
            }
            queue.putBack(first.run(jobs, on: connection))
            if connection.isBroken {
                broke = run.kind
                return lost()
            }
        }
        return false
    }

    /// Logs that the connection broke.
    private func lost() -> Bool {
        logger.info("database connection lost")
        return true
    }
}
