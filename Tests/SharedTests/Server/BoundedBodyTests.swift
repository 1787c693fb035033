import HTTPTypes
import Hummingbird
import Shared
import Testing

/// Request bodies are limited in size and time.
@Suite struct BoundedBodyTests {
    @Test("E7: A body that has not arrived when the server stops is no server error")
    func stopping() async throws {
        let (body, source) = RequestBody.makeStream()
        let head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/")
        let reading = Task { try await Request(head: head, body: body).boundedBody() }
        reading.cancel()
        let error = await #expect(throws: APIError.self) { try await reading.value }
        #expect(error?.code == .requestTimeout)
        source.finish()
    }
}
