import Foundation
import NIOCore
import NIOPosix

/// A connection for bytes that no HTTP client would send.
struct RawConnection: Sendable {
    private let channel: any Channel
    private let pieces: AsyncStream<ByteBuffer>

    /// Connects to a server on this machine.
    static func open(port: Int) async throws -> RawConnection {
        let (pieces, continuation) = AsyncStream<ByteBuffer>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.minutes(1))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Receiver(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel: channel, pieces: pieces)
    }

    /// Writes bytes and waits until the system has accepted them.
    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Reads up to the end of a response head or of the connection; then closes it.
    func readHead() async throws -> String {
        var text = ""
        for await piece in pieces {
            text += String(buffer: piece)
            if text.contains("\r\n\r\n") { break }
        }
        await close()
        return text
    }

    /// Ends the connection.
    func close() async { try? await channel.close() }
}

/// Forwards received bytes until the connection ends.
private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let pieces: AsyncStream<ByteBuffer>.Continuation

    init(_ pieces: AsyncStream<ByteBuffer>.Continuation) { self.pieces = pieces }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { pieces.yield(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) {
        pieces.finish()
        context.fireChannelInactive()
    }

    /// A server that has not read everything resets the connection after its response.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
