public import HummingbirdCore
public import Logging
public import NIOCore

/// HTTP/1.1 whose requests are handled where their connection lives.
public struct EventLoopServer: ServerChildChannel {
    /// A connection, as what goes in and out of it.
    public typealias Value = HTTP1Channel.Value

    private let http1: HTTP1Channel

    /// Prepares a new connection.
    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http1.setup(channel: channel, logger: logger)
    }

    /// Handles the requests of a connection until it closes.
    public func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await http1.handle(value: value, logger: logger)
        }
    }
}

extension EventLoopServer {
    /// Makes such servers.
    public static func builder(_ configuration: HTTP1Channel.Configuration) -> HTTPServerBuilder {
        .init { responder in EventLoopServer(http1: HTTP1Channel(responder: responder, configuration: configuration)) }
    }
}
