import HTTPTypes
import Hummingbird
import Logging
import PostgresClient
import Shared

/// Turns every error into a problem document (RFC 9457), and unexpected errors into a 500 without details.
struct ErrorResponses: Sendable {
    /// The routes, to respond with 405 instead of 404 when only the method is wrong.
    let routes: RouteTable

    /// The response for an error; logs server errors.
    func response(to request: Request, _ error: any Error, context: APIRequestContext) throws -> Response {
        if let error = error as? ErrorWithHeaders {
            var response = try response(to: request, error.error, context: context)
            // The length of the problem document.
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
        case let error as PostgresError where error.meansUnavailable:
            log(error, code: .serviceUnavailable, context: context)
            return APIError(.serviceUnavailable, detail: "The database is not available.", retryAfter: 2)
        // A request that the end of the server interrupts.
        case is CancellationError:
            return APIError(.serviceUnavailable, detail: "The server is stopping.", retryAfter: 2)
        default:
            log(error, code: .internalError, context: context)
            return APIError(.internalError)
        }
    }

    /// Logs the type of the error only; its text could contain user input.
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
        // RFC 9110, section 15.5.2: a 401 must have WWW-Authenticate.
        if error.code.status == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
        // The rest of an unread body would be parsed as the next request.
        if error.code == .payloadTooLarge || error.code == .requestTimeout { response.headers[.connection] = "close" }
        return response
    }
}

extension APIError {
    /// The error for `HEAD`, where it would do what only `GET` may do.
    static let getOnly = APIError(.methodNotAllowed, detail: "This path accepts GET only.", allow: ["GET"])
}

extension PostgresError {
    /// Whether it makes the service unavailable.
    var meansUnavailable: Bool { isUnavailable || isUnusableDatabase }
}

/// An error whose response also has headers.
struct ErrorWithHeaders: Error {
    let error: any Error
    let headers: HTTPFields

    init(_ error: any Error, headers: HTTPFields) {
        self.error = error
        self.headers = headers
    }
}
