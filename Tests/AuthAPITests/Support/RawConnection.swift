import Foundation
import NIOCore
import NIOPosix

/// A connection on which a test writes what no HTTP client would.
struct RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Connects to a server on this machine.
    static func open(port: Int) async throws -> RawConnection {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return RawConnection(channel: channel)
    }

    /// Writes bytes and waits until the system has taken them.
    func send(_ text: String) async throws {
        try await channel.channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Reads up to the end of an answer's head, or to the end of the connection.
    func readHead() async throws -> String {
        var text = ""
        do {
            try await channel.executeThenClose { inbound, _ in
                for try await piece in inbound {
                    text += String(buffer: piece)
                    if text.contains("\r\n\r\n") { return }
                }
            }
        } catch is ChannelError {
            // The server closed after it had answered.
        } catch is IOError {
            // The server reset the connection because more was sent than it reads.
        }
        return text
    }

    /// Ends the connection.
    func close() async { try? await channel.channel.close() }
}
