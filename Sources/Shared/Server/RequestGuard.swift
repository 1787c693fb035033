public import Hummingbird

/// Refuses, before any handler sees it, a request whose path is not canonical or that another site's page sends.
public struct RequestGuard<Context: RequestContext>: RouterMiddleware {
    private let crossSite: CrossSiteGuard

    /// Makes the guard.
    ///
    /// - Parameter settings: where the site is, and which other origins' pages may call it.
    public init(_ settings: CommonSettings) {
        crossSite = CrossSiteGuard(publicURL: settings.publicURL, allowedOrigins: settings.allowedOrigins)
    }

    /// Hands the request on, or throws as ``check(_:)``.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try check(request)
        return try await next(request, context)
    }

    /// Throws `not_found` or `cross_site_request` for a request that must not be handled.
    public func check(_ request: Request) throws {
        guard CanonicalPath.isCanonical(request.uri.path) else {
            throw APIError(.notFound, detail: "There is nothing at this path.")
        }
        guard crossSite.allows(request.head) else {
            throw APIError(.crossSiteRequest, detail: "This request came from a page of another site.")
        }
    }
}
