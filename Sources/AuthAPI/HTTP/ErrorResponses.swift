import HTTPTypes
import Hummingbird
import Logging
import PostgresClient
import Shared

/// Turns every error into a problem document (RFC 9457), and a fault that nobody foresaw into a bare 500.
struct ErrorResponses: Sendable {
    /// The routes, to answer 405 rather than 404 where only the method is wrong.
    let routes: RouteTable

    /// The answer to a request that ended in an error; a fault is logged.
    func response(to request: Request, _ error: any Error, context: APIRequestContext) throws -> Response {
        if let error = error as? ErrorWithHeaders {
            var response = try response(to: request, error.error, context: context)
            // The length is that of the problem document.
            response.headers.append(contentsOf: error.headers.filter { $0.name != .contentLength })
            return response
        }
        return try response(for: apiError(for: error, request: request, context: context), requestID: context.requestID)
    }

    private func apiError(for error: any Error, request: Request, context: APIRequestContext) -> APIError {
        switch error {
        case let error as APIError:
            if error.code.status >= 500 {
                log(error.cause ?? error, code: error.code, context: context)
            }
            return error
        case let error as HTTPError where error.status == .notFound: return routes.error(for: request)
        case let error as PostgresError where error.isUnavailable || error.isUnfitDatabase:
            log(error, code: .serviceUnavailable, context: context)
            return APIError(.serviceUnavailable, detail: "The database is not available.", retryAfter: 2)
        default:
            log(error, code: .internalError, context: context)
            return APIError(.internalError)
        }
    }

    /// Logs what kind of error it was; its text could hold what a person typed.
    private func log(_ error: any Error, code: APIErrorCode, context: APIRequestContext) {
        var metadata: Logger.Metadata = [
            "code": .string(code.rawValue), "error": .string(String(describing: type(of: error))),
        ]
        if let error = error as? PostgresError {
            metadata["statement"] = error.statement.map { .string($0) }
            metadata["sqlstate"] = error.sqlState.map { .string($0) }
            metadata["constraint"] = error.constraint.map { .string($0) }
        }
        context.logger.log(level: code == .internalError ? .error : .warning, "request failed", metadata: metadata)
    }

    private func response(for error: APIError, requestID: String) throws -> Response {
        var response = try Response.json(Problem(error, requestID: requestID), status: .init(code: error.code.status))
        response.headers[.contentType] = Problem.mediaType
        response.headers[.retryAfter] = error.retryAfter.map(String.init)
        if !error.allow.isEmpty { response.headers[.allow] = error.allow.joined(separator: ", ") }
        // RFC 9110, section 15.5.2: a 401 must say how to authenticate.
        if error.code.status == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
        // What is left of a body that was not read would be taken for the next request.
        if error.code == .payloadTooLarge || error.code == .requestTimeout { response.headers[.connection] = "close" }
        return response
    }
}

/// An error whose answer carries headers too.
struct ErrorWithHeaders: Error {
    let error: any Error
    let headers: HTTPFields

    init(_ error: any Error, headers: HTTPFields) {
        self.error = error
        self.headers = headers
    }
}
