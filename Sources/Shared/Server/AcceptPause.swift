public import Logging
public import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Lets a server that may open no more files wait before it takes the next connection.
///
/// NIO keeps asking the kernel for connections that it cannot take, which uses up a processor until a file is closed.
public final class AcceptPause: ChannelInboundHandler {
    public typealias InboundIn = any Channel

    private let logger: Logger
    private let pause: TimeAmount
    private var isWaiting = false

    /// Makes a handler for one listening channel.
    init(logger: Logger, pause: TimeAmount) {
        self.logger = logger
        self.pause = pause
    }

    /// Puts the handler in front of a listening channel's others.
    public static func install(on channel: any Channel, logger: Logger, pause: TimeAmount = .milliseconds(250)) async {
        let added = channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger, pause: pause), position: .first)
        }
        // The server may have been stopped already.
        try? await added.get()
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isWaiting = false
        context.fireChannelRead(data)
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) {
            // Once, however long it lasts.
            if !isWaiting { logger.warning("no more files can be opened; connections wait") }
            isWaiting = true
            setReading(false, of: context.channel)
            let channel = context.channel
            channel.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in setReading(true, of: channel) }
        }
        context.fireErrorCaught(error)
    }

    private func setReading(_ isReading: Bool, of channel: any Channel) {
        guard channel.isActive else { return }
        try? channel.syncOptions?.setOption(.autoRead, value: isReading)
    }
}
