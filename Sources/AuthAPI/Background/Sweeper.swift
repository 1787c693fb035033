import FoundationEssentials
import Logging
import ServiceLifecycle

/// Removes expired rows in the background: one replica at a time, in small batches.
struct Sweeper: Service {
    /// The number of rows that one transaction removes.
    static let batchSize: Int64 = 1000

    /// The kind of rows, for the log.
    let what: String
    let logger: Logger
    /// The interval between two rounds; up to a tenth is added at random, so that replicas do not collide.
    var interval: Duration = .seconds(300)
    var now: @Sendable () -> Date = { Date.now }
    /// Removes rows that expired before a time, up to a limit; nil when another replica is doing it.
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

    /// Removes expired rows, unless another replica is doing it.
    ///
    /// - Returns: the number of removed rows.
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
