import Foundation
import Logging
import ServiceLifecycleTestKit
import Shared
import Testing

@testable import AuthAPI

/// D5: The removal of expired rows in the background; each table has its own tests.
@Suite struct SweeperTests {
    private struct Failure: Error {}

    private func sweeper(
        _ results: [Result<Int?, Failure>],
        logs: LogRecorder = LogRecorder(),
        batches: Locked<[Int64]> = Locked([])
    ) -> Sweeper {
        let logger = Logger(label: "test") { _ in JSONLogHandler(format: .json, logLevel: .info, write: logs.append) }
        return Sweeper(what: "old rows", logger: logger, interval: .milliseconds(1)) { _, limit in
            let turn = Locked(0)
            batches.update { batches in
                turn.update { $0 = batches.count }
                batches.append(limit)
            }
            return turn.value < results.count ? try results[turn.value].get() : nil
        }
    }

    @Test(
        "D5 A round continues while batches are full, and stops if another replica does the work",
        arguments: [([1000, 1000, 5], 2005), ([1000, nil], 1000), ([0], 0), ([nil], 0)]
    )
    func batches(removed: [Int?], total: Int) async throws {
        let batches = Locked<[Int64]>([])
        #expect(try await sweeper(removed.map { .success($0) }, batches: batches).sweep() == total)
        #expect(batches.value == Array(repeating: Sweeper.batchSize, count: removed.count))
    }

    @Test("D5 D7 A failed round is logged and the next one does the work; it ends with the server")
    func rounds() async throws {
        let logs = LogRecorder()
        let batches = Locked<[Int64]>([])
        let sweeper = sweeper([.failure(Failure()), .success(0), .success(3)], logs: logs, batches: batches)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await sweeper.run() }
                try await eventually("the sweeper has run") { batches.value.count > 3 }
                trigger.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
        let lines = logs.all
        // A round that found nothing logs nothing.
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.first?.contains(#""level":"WARNING","message":"old rows not removed","error":"Failure""#) == true)
        #expect(lines.last?.contains(#""level":"INFO","message":"old rows removed","count":"3""#) == true)
    }
}
