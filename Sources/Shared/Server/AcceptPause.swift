public import Logging
public import NIOCore

import Glibc

/// Stops accepting connections while the process is short of file descriptors.
///
/// Some are reserved for the server itself: it has to reach its database, and Swift's runtime can crash when it cannot
/// open a file. Without any, NIO would retry to accept connections in a busy loop.
public final class AcceptPause: ChannelInboundHandler {
    /// The accepted connections.
    public typealias InboundIn = any Channel

    private let logger: Logger
    private let pause: TimeAmount
    private let isShort: () -> Bool
    private var isWaiting = false

    /// Creates a handler for one listening channel; `isShort` returns whether file descriptors are running out.
    init(logger: Logger, pause: TimeAmount, isShort: @escaping () -> Bool) {
        self.logger = logger
        self.pause = pause
        self.isShort = isShort
    }

    /// Adds the handler before the other handlers of a listening channel.
    public static func install(
        on channel: any Channel,
        logger: Logger,
        pause: TimeAmount = .milliseconds(250),
        isShort: @escaping @Sendable () -> Bool = filesAreShort
    ) async {
        let added = channel.eventLoop.submit {
            let handler = AcceptPause(logger: logger, pause: pause, isShort: isShort)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }
        // The server may have stopped already.
        try? await added.get()
    }

    /// Whether fewer file descriptors are left than are reserved for the server itself: a quarter, at most 128.
    @Sendable public static func filesAreShort() -> Bool { filesAreShort(reserve: 128) }

    /// Whether fewer than an eighth of those are left.
    @Sendable static func filesAreVeryShort() -> Bool { filesAreShort(reserve: 16) }

    private static func filesAreShort(reserve: rlim_t) -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return false }
        // The kernel returns the lowest free number.
        let next = dup(STDERR_FILENO)
        guard next >= 0 else { return errno == EMFILE }
        close(next)
        return rlim_t(next) + min(reserve, limit.rlim_cur / (512 / reserve)) >= limit.rlim_cur
    }

    /// Passes a connection on, and pauses if descriptors are running out.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        if isShort() { wait(context.channel) }
    }

    /// Pauses when a connection could not be accepted.
    ///
    /// The error is not passed on, because it would end the accept loop; neither is that of a client that has
    /// disconnected.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: wait(context.channel)
        case ECONNABORTED: break
        default: context.fireErrorCaught(error)
        }
    }

    /// Accepts no connections until file descriptors are available again.
    private func wait(_ channel: any Channel) {
        guard !isWaiting else { return }
        isWaiting = true
        logger.warning("few file descriptors left, new connections wait")
        setReading(false, of: channel)
        scheduleCheck(channel)
    }

    private func scheduleCheck(_ channel: any Channel) {
        channel.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            guard channel.isActive else { return }
            guard !isShort() else { return scheduleCheck(channel) }
            isWaiting = false
            setReading(true, of: channel)
        }
    }

    private func setReading(_ isReading: Bool, of channel: any Channel) {
        try? channel.syncOptions?.setOption(.autoRead, value: isReading)
    }
}
