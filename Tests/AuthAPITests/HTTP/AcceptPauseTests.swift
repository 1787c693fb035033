import Glibc
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Shared
import Testing

/// Records the errors that reach the server's accept handler.
private final class ErrorRecorder: ChannelInboundHandler, Sendable {
    typealias InboundIn = any Channel

    let codes = Locked<[CInt]>([])

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        codes.update { $0.append((error as? IOError)?.errnoCode ?? 0) }
    }
}

@Suite struct AcceptPauseTests {
    @Test("Connections wait while file descriptors are short, and each time is logged once")
    func pause() async throws {
        let logs = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in logs }
        let short = Locked(false)
        let group = MultiThreadedEventLoopGroup.singleton
        let recorder = ErrorRecorder()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelInitializer { $0.pipeline.addHandler(recorder) }
            .bind(host: "127.0.0.1", port: 0).get()
        await AcceptPause.install(on: channel, logger: logger, pause: .milliseconds(5), isShort: { short.value })
        func reads() async throws -> Bool { try await channel.getOption(.autoRead).get() }

        let address = try #require(channel.localAddress)
        short.update { $0 = true }
        let first = try await ClientBootstrap(group: group).connect(to: address).get()
        try await eventually("reading has stopped") { try await !reads() }
        short.update { $0 = false }
        try await eventually("reading has resumed") { try await reads() }
        #expect(logs.entries.count == 1)

        let read = try await channel.eventLoop.submit {
            for code in [EMFILE, EMFILE, ENFILE, ECONNABORTED] {
                channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
            }
            return try channel.syncOptions?.getOption(.autoRead)
        }.get()
        #expect(read == false)
        try await eventually("reading has resumed") { try await reads() }
        #expect(logs.entries.count == 2)
        // Any error would end the accept loop.
        #expect(recorder.codes.value == [])
        try await channel.eventLoop.submit {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: EBADF, reason: "accept"))
        }.get()
        #expect(recorder.codes.value == [EBADF])

        let second = try await ClientBootstrap(group: group).connect(to: address).get()
        for open in [first, second, channel] { try await open.close() }
    }

    @Test("A process with few open files does not pause")
    func enough() { #expect(!AcceptPause.filesAreShort()) }
}
