import Glibc
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Shared
import Testing

@Suite struct AcceptPauseTests {
    @Test("Connections wait while files are short or cannot be opened, and the log says so once each time")
    func pause() async throws {
        let logs = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in logs }
        let short = Locked(false)
        let group = MultiThreadedEventLoopGroup.singleton
        let channel = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        await AcceptPause.install(on: channel, logger: logger, pause: .milliseconds(5), isShort: { short.value })
        func reads() async throws -> Bool { try await channel.getOption(.autoRead).get() }

        let address = try #require(channel.localAddress)
        short.update { $0 = true }
        let first = try await ClientBootstrap(group: group).connect(to: address).get()
        while try await reads() { await Task.yield() }
        short.update { $0 = false }
        while try await !reads() { await Task.yield() }
        #expect(logs.entries.count == 1)

        let read = try await channel.eventLoop.submit {
            for _ in 0..<3 { channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept")) }
            return try channel.syncOptions?.getOption(.autoRead)
        }.get()
        #expect(read == false)
        while try await !reads() { await Task.yield() }
        #expect(logs.entries.count == 2)

        let second = try await ClientBootstrap(group: group).connect(to: address).get()
        for open in [first, second, channel] { try await open.close() }
    }

    @Test("A process with few files open has enough left")
    func enough() { #expect(!AcceptPause.filesAreShort()) }
}
