import Logging

/// The loop of one thread: connects, runs jobs, and reconnects when the connection breaks, until the queue is closed.
struct PostgresWorker {
    /// The worker's number in the queue.
    let index: Int
    /// The source of the jobs.
    let queue: PostgresJobQueue
    /// How to connect.
    let configuration: PostgresConfiguration
    /// Logs lost and restored connections.
    let logger: Logger

    /// Runs until the queue is closed and empty.
    func run() {
        var broke: PostgresSchedule.Kind?
        while let connection = connect() {
            queue.countConnected()
            // Reported after reconnecting: otherwise another worker would take the next writing job, and none would be
            // left for reads.
            if let broke { queue.ended(broke) }
            let shouldContinue = serve(connection, &broke)
            queue.countLost()
            guard shouldContinue else { break }
        }
        if let broke { queue.ended(broke) }
        queue.threadEnds()
    }

    /// Retries until connected, with growing pauses of random length; nil when the queue closes.
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
                // Stopping cancels the first statements of a connection, which is no failure.
                guard error.kind != .unavailable(.closed), !queue.isStopped else { break }
                // Once per outage, so that a long outage does not fill the log.
                let level: Logger.Level = attempts == 0 ? .warning : .debug
                logger.log(level: level, "database connection failed", metadata: ["reason": "\(error.detail)"])
                let isFinal = configuration.endsWhenRefused && error.kind == .unavailable(.refused)
                queue.countFailure(error, isFinal: isFinal)
            }
            attempts += 1
            // Random, so that the workers of all replicas do not reconnect at the same time.
            let wait = pause * Double.random(in: 0.5...1)
            guard queue.pause(index, until: Deadline.now.adding(wait)) else { return nil }
            pause = min(pause * 2, configuration.backoff.upperBound)
        }
        return nil
    }

    /// Runs jobs until the connection breaks (true, with the kind of the interrupted job) or the queue is closed
    /// (false).
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
            // Costs a microsecond, and prevents an error for the first request after the server restarted.
            guard connection.isAlive() else {
                queue.requeue(jobs)
                queue.ended(run.kind)
                return lost()
            }
            queue.requeue(first.run(jobs, on: connection))
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
