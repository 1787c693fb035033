public import Hummingbird

/// Rejects requests with a non-canonical path and cross-site requests before any handler.
public struct RequestGuard<Context: RequestContext>: RouterMiddleware {
    private let crossSite: CrossSiteGuard
    private let unsafePaths: [String]

    /// Creates the guard.
    ///
    /// - Parameters:
    ///   - settings: the URL of the site, and the origins whose pages may call it.
    ///   - unsafePaths: the paths whose GET requests have side effects; those from other sites are rejected, too.
    public init(_ settings: CommonSettings, unsafePaths: [String] = []) {
        self.unsafePaths = unsafePaths
        crossSite = CrossSiteGuard(publicURL: settings.publicURL, allowedOrigins: settings.allowedOrigins)
    }

    /// Passes the request on, or throws like ``check(_:)``.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try check(request)
        return try await next(request, context)
    }

    /// Throws `not_found` or `cross_site_request` for a request to reject.
    public func check(_ request: Request) throws {
        let path = request.uri.path
        guard CanonicalPath.isCanonical(path) || path.isExactly(APIPath.index) else {
            throw APIError.nothingHere
        }
        let isSafePath = !unsafePaths.contains { path.isExactly($0) }
        guard crossSite.allows(request.head, isSafePath: isSafePath) else {
            throw APIError(.crossSiteRequest, detail: "This request came from a page of another site.")
        }
    }
}
