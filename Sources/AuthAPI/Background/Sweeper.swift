import FoundationEssentials
import Logging
import ServiceLifecycle

/// Removes rows that mean nothing any more in the background: one replica at a time, in small batches.
struct Sweeper: Service {
    /// How many rows one transaction removes.
    static let batchSize: Int64 = 1000

    /// What is removed, for the log.
    let what: String
    let logger: Logger
    /// Time between two rounds; a random tenth is added so that replicas do not meet.
    var interval: Duration = .seconds(300)
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }
    /// Removes what has expired by a time, at most so many rows; nil when another replica is at it.
    let remove: @Sendable (Date, Int64) async throws -> Int?

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                guard (try? await Task.sleep(for: interval + interval / 10 * Double.random(in: 0..<1))) != nil else {
                    return
                }
                do {
                    let removed = try await sweep()
                    if removed > 0 { logger.info("\(what) removed", metadata: ["count": "\(removed)"]) }
                } catch {
                    logger.warning("\(what) not removed", metadata: ["error": "\(type(of: error))"])
                }
            }
        }
    }

    /// Removes what has expired by now, unless another replica is at it.
    ///
    /// - Returns: how many rows were removed.
    func sweep() async throws -> Int {
        var total = 0
        while let removed = try await remove(now(), Self.batchSize) {
            total += removed
            if removed < Self.batchSize { break }
        }
        return total
    }
}

extension Sweeper: CustomStringConvertible {
    /// The name in the log of the service group.
    var description: String { "Sweeper of \(what)" }
}
