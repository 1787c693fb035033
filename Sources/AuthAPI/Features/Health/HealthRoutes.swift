import Hummingbird
import Shared

/// Handlers of health checks; nginx does not publish them.
struct HealthRoutes: Sendable {
    let service: HealthService

    /// `GET /health`: 200 when the service and its database work, otherwise 503.
    @Sendable func overall(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await response(service.overall())
    }

    /// `GET /health/live`: 200 while the process runs.
    @Sendable func liveness(_ request: Request, context: APIRequestContext) throws -> Response {
        try response(service.liveness())
    }

    /// `GET /health/ready`: 200 when requests can be served: the database responds and its schema is current; otherwise
    /// 503.
    @Sendable func readiness(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await response(service.overall())
    }

    private func response(_ body: HealthBody) throws -> Response {
        var response = try Response.json(body, status: body.status == .ok ? .ok : .serviceUnavailable)
        if body.status != .ok { response.headers[.retryAfter] = "2" }
        return response
    }
}
