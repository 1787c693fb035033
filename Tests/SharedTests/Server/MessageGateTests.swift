import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import Shared
import Testing

/// W15: Only ASCII reaches the framework, so comparisons are cheap.
@Suite struct MessageGateTests {
    /// Sends bytes that no client library would send, and returns everything received.
    private static func exchange(_ request: String, port: Int) async throws -> String {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var received = ""
            for try await part in inbound { received += String(buffer: part) }
            return received
        }
    }

    @Test("W15 Headers are ASCII when the framework sees them, and so is the target")
    func ascii() async throws {
        let router = Router()
        router.get("**") { request, _ in
            let seen = [request.uri.string] + request.headers.map { "\($0.name.canonicalName): \($0.value)" }
            return seen.joined(separator: "\n")
        }
        let application = Application(router: router, server: EventLoopServer.builder(.init()))
        let marks = String(repeating: "\u{301}\u{323}", count: 3000)
        try await application.test(.live) { client in
            let head = "GET /a?q=%CC%81 HTTP/1.1\r\nHost: é\r\nUser-Agent: browser/日本\r\n"
            let page = "X-Original-URI: /日?a=é&b=%C3\r\nX-Forwarded-Uri: /é\r\n"
            let rest = "If-None-Match: \(marks)\r\nCookie: a=é; language=ja\r\nConnection: close\r\n\r\n"
            let seen = try await Self.exchange(head + page + rest, port: try #require(client.port))
            #expect(seen.utf8.allSatisfy { $0 < 0x80 })
            #expect(seen.contains("\r\n\r\n/a?q=%CC%81\n"))
            #expect(seen.contains("user-agent: browser/??????\n"))
            #expect(seen.contains("cookie: a=??; language=ja"))
            #expect(seen.contains("x-original-uri: /%e6%97%a5?a=%c3%a9&b=%C3\n"))
            #expect(seen.contains("x-forwarded-uri: /%c3%a9\n"))
            let rejected = try await Self.exchange("GET /\(marks) HTTP/1.1\r\nHost: a\r\n\r\n", port: client.port ?? 0)
            #expect(rejected.hasPrefix("HTTP/1.1 400 ") && rejected.contains("malformed_request"))
        }
    }
}
