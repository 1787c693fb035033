public import Logging
public import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Lets new connections wait while a server may open few more files, or none.
///
/// Some are kept for the server itself: it has to reach its database, and Swift's runtime crashes now and then when it
/// can open no file. When there are none at all, NIO would keep asking the kernel for connections that it cannot take.
public final class AcceptPause: ChannelInboundHandler {
    /// The connections that come in.
    public typealias InboundIn = any Channel

    private let logger: Logger
    private let pause: TimeAmount
    private let isShort: () -> Bool
    private var isWaiting = false

    /// Makes a handler for one listening channel, which asks `isShort` whether files are running out.
    init(logger: Logger, pause: TimeAmount, isShort: @escaping () -> Bool) {
        self.logger = logger
        self.pause = pause
        self.isShort = isShort
    }

    /// Puts the handler in front of a listening channel's others.
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
        // The server may have been stopped already.
        try? await added.get()
    }

    /// Whether fewer files may still be opened than are kept for the server itself: a quarter, at most 128.
    @Sendable public static func filesAreShort() -> Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return false }
        // The kernel gives the lowest number that is free.
        let next = dup(STDERR_FILENO)
        guard next >= 0 else { return errno == EMFILE }
        close(next)
        return rlim_t(next) + min(128, limit.rlim_cur / 4) >= limit.rlim_cur
    }

    /// Hands a connection on, and lets the next wait if need be.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        if isShort() { wait(context.channel) }
    }

    /// Lets connections wait when one could not be taken.
    ///
    /// The error goes no further, for it would end the loop that takes connections; nor does that of a client who has gone.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: wait(context.channel)
        case ECONNABORTED: break
        default: context.fireErrorCaught(error)
        }
    }

    /// Takes no connections until there are files again.
    private func wait(_ channel: any Channel) {
        guard !isWaiting else { return }
        isWaiting = true
        logger.warning("few file descriptors left, new connections wait")
        setReading(false, of: channel)
        lookAgain(channel)
    }

    private func lookAgain(_ channel: any Channel) {
        channel.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            guard channel.isActive else { return }
            guard !isShort() else { return lookAgain(channel) }
            isWaiting = false
            setReading(true, of: channel)
        }
    }

    private func setReading(_ isReading: Bool, of channel: any Channel) {
        try? channel.syncOptions?.setOption(.autoRead, value: isReading)
    }
}
