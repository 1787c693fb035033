public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1

/// An HTTP/1.1 server that handles requests on the event loop of their connection, behind a ``MessageGate``.
public struct EventLoopServer: ServerChildChannel {
    /// A connection as an asynchronous channel.
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
    /// The limits of both programs.
    ///
    /// All headers together may be larger than nginx accepts (large_client_header_buffers) and adds, so that nginx
    /// rejects them first.
    public static var standardLimits: HTTP1Channel.Configuration {
        .init(
            idleTimeout: .seconds(60),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 * 1024,
                maxHeaderListSize: 72 * 1024,
                maxHeaderFieldCount: 200
            )
        )
    }

    /// A builder for such servers.
    ///
    /// - Parameters:
    ///   - configuration: limits and timeouts.
    ///   - page: the response to invalid HTTP.
    /// - Returns: the builder.
    public static func builder(
        _ configuration: HTTP1Channel.Configuration = standardLimits,
        refusing page: @escaping UnreadableRequest.Page = UnreadableRequest.problem
    ) -> HTTPServerBuilder {
        .init { responder in
            let http1 = HTTP1Channel(responder: responder, configuration: configuration)
            return EventLoopServer(http1: http1, page: page)
        }
    }
}
