import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Logging
import Shared

/// Turns every error into a page with its status.
struct ErrorPages: RouterMiddleware {
    typealias Context = PageContext

    /// The default delay before a retry, in seconds.
    static let defaultRetry = 5

    private let pages: PageRenderer
    private let routes: RouteTable

    /// Creates the middleware.
    init(pages: PageRenderer, routes: RouteTable) {
        self.pages = pages
        self.routes = routes
    }

    func handle(
        _ request: Request,
        context: PageContext,
        next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as ForeignCookie {
            var view = ProblemView(code: .malformedRequest, requestID: context.requestID)
            view.foreignCookie = error.name
            view.retryLink = context.requestedPath.value
            return try pages.response(view, visitor: .unknown, in: context, status: view.code.status)
        } catch {
            let error = apiError(from: error, request: request)
            if error.code.status >= 500 {
                context.logger.error(
                    "request failed",
                    metadata: [
                        "code": .string(error.code.rawValue),
                        "cause": .string(error.cause.map(Self.logged) ?? "none"),
                    ]
                )
            }
            return try page(for: error, request: request, context: context)
        }
    }

    /// A cause for the log: its type, and its description if that cannot contain user input.
    static func logged(_ cause: any Error) -> String {
        switch cause {
        case let cause as UnexpectedResponse: "unexpected response, status \(cause.status)"
        case let cause as HTTPClientError: cause.shortDescription
        default: "\(type(of: cause))"
        }
    }

    private func apiError(from error: any Error, request: Request) -> APIError {
        switch error {
        case let error as APIError: error
        case let error as HTTPError where error.status == .notFound: routes.error(for: request)
        default: APIError(.internalError, cause: error)
        }
    }

    private func page(for error: APIError, request: Request, context: PageContext) throws -> Response {
        // Only GET requests are repeated automatically; a form would be sent twice.
        let canRepeat = request.method == .get || request.method == .head
        let isUnavailable = error.code.status == 503
        let wait = error.retryAfter ?? (isUnavailable ? Self.defaultRetry : nil)
        let page = canRepeat ? context.requestedPath.value : SitePath.page(withFormTo: request.uri.path)
        let again = error.code.status >= 429 ? page : nil
        let view = ProblemView(
            code: error.code,
            requestID: context.requestID,
            retryAfter: error.code == .tooManyRequests ? wait : nil,
            reloads: isUnavailable && canRepeat,
            retryLink: again,
            location: canRepeat ? nil : again
        )
        var headers = HTTPFields()
        if let wait { headers[.retryAfter] = String(wait) }
        if isUnavailable, canRepeat { headers[.init(validated: "Refresh")] = String(Self.defaultRetry) }
        if !error.allow.isEmpty { headers[.allow] = error.allow.joined(separator: ", ") }
        // Do not read the rest of the body.
        if error.code == .requestTimeout || error.code == .payloadTooLarge { headers[.connection] = "close" }
        return try pages.response(view, visitor: .unknown, in: context, status: error.code.status, headers: headers)
    }
}
