public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1

/// HTTP/1.1 whose requests are handled where their connection lives, behind a ``MessageGate``.
public struct EventLoopServer: ServerChildChannel {
    /// A connection, as what goes in and out of it.
    public typealias Value = HTTP1Channel.Value

    private let http1: HTTP1Channel
    private let page: UnreadableRequest.Page

    /// Prepares a new connection.
    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http1.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(MessageGate(page), position: .after(parser))
            return value
        }
    }

    /// Handles the requests of a connection until it closes.
    public func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await http1.handle(value: value, logger: logger)
        }
    }
}

extension EventLoopServer {
    /// The most bytes of all headers together: more than nginx takes (large_client_header_buffers) and adds, so that nginx
    /// is the one who refuses them.
    public static let maximumHeaderListSize = 72 * 1024

    /// Makes such servers.
    ///
    /// - Parameters:
    ///   - configuration: limits and times.
    ///   - page: the answer to what is no HTTP.
    /// - Returns: what makes them.
    public static func builder(
        _ configuration: HTTP1Channel.Configuration,
        refusing page: @escaping UnreadableRequest.Page = UnreadableRequest.problem
    ) -> HTTPServerBuilder {
        .init { responder in
            let http1 = HTTP1Channel(responder: responder, configuration: configuration)
            return EventLoopServer(http1: http1, page: page)
        }
    }
}
