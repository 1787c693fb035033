import FoundationEssentials
import Logging
import ServiceLifecycle

/// Removes expired sessions in the background: one replica at a time, in small batches.
struct SessionSweeper: Service {
    /// How many sessions one transaction removes.
    static let batchSize: Int64 = 1000

    let store: SessionStore
    let logger: Logger
    /// Time between two rounds; a random tenth is added so that replicas do not meet.
    var interval: Duration = .seconds(300)
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                guard (try? await Task.sleep(for: interval + interval / 10 * Double.random(in: 0..<1))) != nil else {
                    return
                }
                do {
                    let removed = try await sweep()
                    if removed > 0 { logger.info("expired sessions removed", metadata: ["count": "\(removed)"]) }
                } catch {
                    logger.warning("expired sessions not removed", metadata: ["error": "\(type(of: error))"])
                }
            }
        }
    }

    /// Removes what has expired by now, unless another replica is at it.
    ///
    /// - Returns: how many sessions were removed.
    func sweep() async throws -> Int {
        var total = 0
        while let removed = try await store.removeExpired(at: now(), limit: Self.batchSize) {
            total += removed
            if removed < Self.batchSize { break }
        }
        return total
    }
}

extension SessionSweeper: CustomStringConvertible {
    /// The name in the log of the service group.
    var description: String { "SessionSweeper" }
}
