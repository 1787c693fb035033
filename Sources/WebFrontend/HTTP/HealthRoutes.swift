import FoundationEssentials
import Hummingbird
import NIOCore
import Shared

/// Liveness and readiness.
struct HealthRoutes: Sendable {
    let api: AuthAPIClient

    /// Whether the process runs; does not depend on the API, so that an unavailable API does not cause restarts.
    @Sendable func live(_ request: Request, _ context: PageContext) throws -> Response {
        try response(.ok)
    }

    /// Whether the API can serve: 200 or 503.
    @Sendable func ready(_ request: Request, _ context: PageContext) async throws -> Response {
        try response(await api.isReady(for: Caller(request, context)) ? .ok : .unavailable)
    }

    private func response(_ state: HealthBody.State) throws -> Response {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        let body = HealthBody(status: state, database: nil, timestamp: .now, version: Version.current)
        return Response(
            status: state == .ok ? .ok : .serviceUnavailable,
            headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(body)))
        )
    }
}
