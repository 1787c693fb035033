import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import Shared
import Testing

/// Requests are handled on the event loop of their connection.
@Suite struct EventLoopServerTests {
    @Test("A handler runs on an event loop, also after it has waited for other threads")
    func staysOnTheEventLoop() async throws {
        let router = Router()
        router.get("/") { request, context in
            let before = MultiThreadedEventLoopGroup.currentEventLoop
            try await Task.sleep(for: .milliseconds(1))
            await Task.detached { #expect(MultiThreadedEventLoopGroup.currentEventLoop == nil) }.value
            let after = MultiThreadedEventLoopGroup.currentEventLoop
            guard let before, let after else { return "elsewhere" }
            return before === after ? "the same" : "another"
        }
        let application = Application(router: router, server: EventLoopServer.builder(.init()))
        try await application.test(.live) { client in
            for _ in 0..<3 {
                try await client.execute(uri: "/", method: .get) { response in
                    #expect(String(buffer: response.body) == "the same")
                }
            }
        }
    }
}
