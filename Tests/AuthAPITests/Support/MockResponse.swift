import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A response of the mock provider that a test can change.
struct MockResponse: Sendable {
    /// How the response reaches the client.
    enum Delivery: Sendable {
        /// Normally.
        case whole
        /// Nothing is sent until the mock is released.
        case held
        /// Only the head is sent until the mock is released.
        case stalled
        /// The body never ends.
        case endless
        /// The connection closes before the head.
        case closed
    }

    var status: Int
    var headers: HTTPFields = [.contentType: "application/json"]
    var body: String
    var delivery = Delivery.whole

    /// Creates a JSON response.
    init(_ object: [String: Any], status: Int = 200) {
        self.status = status
        body = Self.text(object)
    }

    /// Creates a JSON response with a list.
    init(list: [[String: Any]]) {
        self.init([:])
        let data = try? JSONSerialization.data(withJSONObject: list, options: [.sortedKeys, .withoutEscapingSlashes])
        body = String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// Changes fields of the JSON body.
    mutating func edit(_ change: (inout [String: Any]) -> Void) {
        var object = (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
        change(&object)
        body = Self.text(object)
    }

    /// The same with other fields in the JSON body.
    func edited(_ change: (inout [String: Any]) -> Void) -> MockResponse {
        var response = self
        response.edit(change)
        return response
    }

    /// Redirects the browser.
    mutating func redirect(to location: String) {
        status = 302
        headers[.location] = location
    }

    func response(latch: MockLatch, channel: any Channel) async throws -> Response {
        let status = HTTPResponse.Status(code: status)
        switch delivery {
        case .whole: break
        case .held: await latch.opened()
        case .closed: try? await channel.close()
        case .stalled:
            return Response(
                status: status,
                headers: headers,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    await latch.opened()
                    try await writer.finish(nil)
                }
            )
        case .endless:
            return Response(
                status: status,
                headers: headers,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "{\"access_token\": \""))
                    let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 * 1024)
                    // Ends when the client closes the connection, at the latest at the end of the test.
                    while !latch.isOpen { try await writer.write(piece) }
                    try await writer.finish(nil)
                }
            )
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
    }

    /// The value of a JSON text.
    static func json(_ text: String) -> Any {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) ?? NSNull()
    }

    private static func text(_ object: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}

/// Has the connection, so that it can be closed.
struct MockContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Blocks waiting tasks until it is opened, permanently.
final class MockLatch: Sendable {
    private let state = Locked<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    var isOpen: Bool { state.value.isOpen }

    /// Returns once the latch is open.
    func opened() async {
        await withCheckedContinuation { continuation in
            state.update { state in
                if state.isOpen { continuation.resume() } else { state.waiting.append(continuation) }
            }
        }
    }

    /// Opens the latch.
    func open() {
        state.update { state in
            state.isOpen = true
            for continuation in state.waiting { continuation.resume() }
            state.waiting = []
        }
    }
}
