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
        var broke: (any PostgresJob)?
        while let connection = connect() {
            queue.countConnected()
            // Not before: another worker would take the next job that writes, and none would be left to those that read.
            if let broke { queue.ended(broke) }
            let goesOn = serve(connection, &broke)
            queue.countLost(index)
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
                let connection = PostgresConnection(try PostgresLink(configuration))
                if attempts > 0 {
                    logger.info("Connected to PostgreSQL", metadata: ["failed_attempts": "\(attempts)"])
                }
                return connection
            } catch {
                // Once for each outage; a server that is away for an hour must not fill the log.
                let level: Logger.Level = attempts == 0 ? .warning : .debug
                logger.log(level: level, "Cannot connect to PostgreSQL", metadata: ["reason": "\(error.detail)"])
            }
            attempts += 1
            // Random, so that many workers of many replicas do not return at the same moment.
            let wait = pause * Double.random(in: 0.5...1)
            guard queue.pause(index, until: Deadline.now.adding(wait)) else { return nil }
            pause = min(pause * 2, configuration.backoff.upperBound)
        }
        return nil
    }

    /// Runs jobs until the connection breaks (true, and the job with which it did) or there will be no more (false).
    private func serve(_ connection: PostgresConnection, _ broke: inout (any PostgresJob)?) -> Bool {
        broke = nil
        while let job = queue.next(for: index) {
            guard Deadline.now < job.waitsUntil else {
                job.fail(PostgresError.unavailable(.waitedTooLong))
                queue.ended(job)
                continue
            }
            // Costs a microsecond, and spares the first request after a restart of the server.
            guard connection.isAlive() else {
                queue.putBack(job)
                return lost()
            }
            job.run(on: connection)
            if connection.isBroken {
                broke = job
                return lost()
            }
            queue.ended(job)
        }
        return false
    }

    /// Logs that the connection broke.
    private func lost() -> Bool {
        logger.info("Replacing a connection to PostgreSQL that broke")
        return true
    }
}
