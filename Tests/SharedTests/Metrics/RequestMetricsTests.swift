import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

@testable import Shared

/// E8: Requests by route and status.
@Suite struct RequestMetricsTests {
    private func responses(_ requests: [(HTTPRequest.Method, String)]) async throws -> String {
        let registry = PrometheusRegistry(RequestMetric.descriptions)
        let router = Router(context: TestContext.self)
        router.addMiddleware { RequestObserver(logger: Logger(label: "test"), registry: registry, trusting: []) }
        router.get("/things/{id}") { _, _ in HTTPResponse.Status.noContent }
        router.get("/metrics-while-running") { _, _ in await registry.text() }
        try await Application(router: router).test(.router) { client in
            for (method, path) in requests {
                _ = try await client.execute(uri: path, method: method)
            }
        }
        return await registry.text()
    }

    @Test("E8 A request is counted under its route, never under its path")
    func routes() async throws {
        let text = try await responses([(.get, "/things/secret-1"), (.get, "/things/secret-2")])
        #expect(
            text.contains(#"http_request_duration_seconds_count{method="GET",route="/things/{id}",status="204"} 2"#)
        )
        #expect(!text.contains("secret"))
        #expect(text.contains("http_requests_in_flight 0\n"))
    }

    @Test("E8 Clients cannot create series with unknown methods")
    func methods() async throws {
        let brew = try #require(HTTPRequest.Method("BREW"))
        let text = try await responses([(brew, "/things/1")])
        #expect(!text.contains("BREW"))
    }
}
