import Glibc
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Shared
import Testing

@Suite struct AcceptPauseTests {
    @Test("A server that may open no more files stops to take connections for a while, and says so once")
    func pause() async throws {
        let logs = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in logs }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        await AcceptPause.install(on: channel, logger: logger, pause: .milliseconds(20))
        for _ in 0..<3 {
            let reads = try await channel.eventLoop.submit {
                channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
                return try channel.syncOptions?.getOption(.autoRead)
            }.get()
            #expect(reads == false)
            while try await !channel.getOption(.autoRead).get() { await Task.yield() }
        }
        #expect(logs.entries.count == 1)
        let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(to: try #require(channel.localAddress)).get()
        try await client.close()
        try await channel.close()
    }
}
